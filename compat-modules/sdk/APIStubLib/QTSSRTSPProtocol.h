#include "../../../include/QTSSRTSPProtocol.h"
