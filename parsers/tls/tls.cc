#include "parsers/tls/tls.h"
