#include "parsers/dns/dns.h"
