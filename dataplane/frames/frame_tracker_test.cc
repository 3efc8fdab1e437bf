#include "dataplane/frames/frame_tracker.h"
