#include "sensor/rules/test_support.h"
