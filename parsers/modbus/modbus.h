// parsers/modbus/modbus.h — stub
#pragma once
#include "parsers/core/protocol.h"
