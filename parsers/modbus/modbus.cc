#include "parsers/modbus/modbus.h"
