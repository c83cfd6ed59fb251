#include "../../../include/QTSS_Private.h"
