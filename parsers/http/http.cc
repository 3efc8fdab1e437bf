#include "parsers/http/http.h"
