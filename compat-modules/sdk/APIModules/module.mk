# Builds one module in the folder of its makefile, which sets
#   NAME      the module's name: that of its folder and of the result
#   SOURCES   its files, .cpp or .c
#   SDK       the way from there to this tree
# and includes this file. Variables of the compiler come from the `build` script. Needs GNU make.
#
# Helper classes that use the server are compiled into each module; all others come from the library.

SDK_SOURCES ?= OSMemory_Modules.cpp QTSS_Private.cpp QTSSModuleUtils.cpp RTPMetaInfoPacket.cpp
SDK_LIBRARY ?= $(SDK)/CommonUtilitiesLib/libCommonUtilitiesLib.a

SDK_FOLDERS = $(SDK)/APIModules/OSMemory_Modules $(SDK)/APIStubLib $(SDK)/APICommonCode $(SDK)/RTPMetaInfoLib \
	$(SDK)/CommonUtilitiesLib
FLAGS = $(COMPILER_FLAGS) $(INCLUDE_FLAG) $(SDK)/PlatformHeader.h -g -Wall -Wextra -O2 -I. -I$(SDK) \
	$(SDK_FOLDERS:%=-I%)
OBJECTS = $(addsuffix .o,$(basename $(SOURCES) $(SDK_SOURCES)))

vpath %.cpp $(SDK_FOLDERS)

all: $(NAME)

$(NAME): $(OBJECTS) $(SDK_LIBRARY)
	$(LINKER) -o $@ $(OBJECTS) $(COMPILER_FLAGS) $(SDK_LIBRARY) $(CORE_LINK_LIBS) $(SHARED) $(MODULE_LIBS)

%.o: %.cpp
	$(CPLUS) -c -o $@ $(FLAGS) $<

%.o: %.c
	$(CCOMP) -c -o $@ $(FLAGS) $<

install: $(NAME)

clean:
	rm -f $(NAME) $(OBJECTS)

.PHONY: all install clean
