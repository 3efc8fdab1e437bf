// parsers/http/http.h — stub
#pragma once
#include "parsers/core/protocol.h"
