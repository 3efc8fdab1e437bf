// parsers/tls/tls.h — stub
#pragma once
#include "parsers/core/protocol.h"
