// parsers/dns/dns.h — stub
#pragma once
#include "parsers/core/protocol.h"
