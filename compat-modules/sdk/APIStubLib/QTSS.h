#include "../../../include/QTSS.h"
