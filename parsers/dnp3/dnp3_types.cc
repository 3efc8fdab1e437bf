// parsers/dnp3/dnp3_types.cc — the library of objects (IEEE 1815-2012, annex A)
#include <algorithm>
#include <array>

#include "parsers/dnp3/dnp3_objects.h"

namespace picket::dnp3 {
namespace {

// Sorted by group and variation. Groups whose variation is a number of their own (attributes, lengths of strings) have one line,
// variation 0. What needs an octet count to be read past has size 0.
constexpr ObjectType kTypes[] = {
    {0, 0, Form::kAttribute, Flags::kNone, Value::kNone, Time::kNone, 0, "device attribute"},
    {1, 1, Form::kBits, Flags::kNone, Value::kNone, Time::kNone, 0, "binary input, packed"},
    {1, 2, Form::kPlain, Flags::kBinary, Value::kNone, Time::kNone, 1, "binary input with flags"},
    {2, 1, Form::kPlain, Flags::kBinary, Value::kNone, Time::kNone, 1, "binary input event without time"},
    {2, 2, Form::kPlain, Flags::kBinary, Value::kNone, Time::kAbsolute, 7,
     "binary input event with absolute time"},
    {2, 3, Form::kPlain, Flags::kBinary, Value::kNone, Time::kRelative, 3,
     "binary input event with relative time"},
    {3, 1, Form::kPairs, Flags::kNone, Value::kNone, Time::kNone, 0, "double-bit input, packed"},
    {3, 2, Form::kPlain, Flags::kDoubleBit, Value::kNone, Time::kNone, 1, "double-bit input with flags"},
    {4, 1, Form::kPlain, Flags::kDoubleBit, Value::kNone, Time::kNone, 1,
     "double-bit input event without time"},
    {4, 2, Form::kPlain, Flags::kDoubleBit, Value::kNone, Time::kAbsolute, 7,
     "double-bit input event with absolute time"},
    {4, 3, Form::kPlain, Flags::kDoubleBit, Value::kNone, Time::kRelative, 3,
     "double-bit input event with relative time"},
    {10, 1, Form::kBits, Flags::kNone, Value::kNone, Time::kNone, 0, "binary output, packed"},
    {10, 2, Form::kPlain, Flags::kOutput, Value::kNone, Time::kNone, 1, "binary output status with flags"},
    {11, 1, Form::kPlain, Flags::kOutput, Value::kNone, Time::kNone, 1, "binary output event without time"},
    {11, 2, Form::kPlain, Flags::kOutput, Value::kNone, Time::kAbsolute, 7, "binary output event with time"},
    {12, 1, Form::kRelay, Flags::kNone, Value::kNone, Time::kNone, 11, "control relay output block"},
    {12, 2, Form::kRelay, Flags::kNone, Value::kNone, Time::kNone, 11, "pattern control block"},
    {12, 3, Form::kBits, Flags::kNone, Value::kNone, Time::kNone, 0, "pattern mask"},
    {13, 1, Form::kPlain, Flags::kCommand, Value::kNone, Time::kNone, 1,
     "binary output command event without time"},
    {13, 2, Form::kPlain, Flags::kCommand, Value::kNone, Time::kAbsolute, 7,
     "binary output command event with time"},
    {20, 1, Form::kPlain, Flags::kCounter, Value::kU32, Time::kNone, 5, "counter, 32-bit with flag"},
    {20, 2, Form::kPlain, Flags::kCounter, Value::kU16, Time::kNone, 3, "counter, 16-bit with flag"},
    {20, 3, Form::kPlain, Flags::kDelta, Value::kU32, Time::kNone, 5, "counter difference, 32-bit with flag"},
    {20, 4, Form::kPlain, Flags::kDelta, Value::kU16, Time::kNone, 3, "counter difference, 16-bit with flag"},
    {20, 5, Form::kPlain, Flags::kNone, Value::kU32, Time::kNone, 4, "counter, 32-bit without flag"},
    {20, 6, Form::kPlain, Flags::kNone, Value::kU16, Time::kNone, 2, "counter, 16-bit without flag"},
    {20, 7, Form::kPlain, Flags::kNone, Value::kU32, Time::kNone, 4,
     "counter difference, 32-bit without flag"},
    {20, 8, Form::kPlain, Flags::kNone, Value::kU16, Time::kNone, 2,
     "counter difference, 16-bit without flag"},
    {21, 1, Form::kPlain, Flags::kCounter, Value::kU32, Time::kNone, 5, "frozen counter, 32-bit with flag"},
    {21, 2, Form::kPlain, Flags::kCounter, Value::kU16, Time::kNone, 3, "frozen counter, 16-bit with flag"},
    {21, 3, Form::kPlain, Flags::kDelta, Value::kU32, Time::kNone, 5,
     "frozen counter difference, 32-bit with flag"},
    {21, 4, Form::kPlain, Flags::kDelta, Value::kU16, Time::kNone, 3,
     "frozen counter difference, 16-bit with flag"},
    {21, 5, Form::kPlain, Flags::kCounter, Value::kU32, Time::kAbsolute, 11,
     "frozen counter, 32-bit with flag and time"},
    {21, 6, Form::kPlain, Flags::kCounter, Value::kU16, Time::kAbsolute, 9,
     "frozen counter, 16-bit with flag and time"},
    {21, 7, Form::kPlain, Flags::kDelta, Value::kU32, Time::kAbsolute, 11,
     "frozen counter difference, 32-bit with flag and time"},
    {21, 8, Form::kPlain, Flags::kDelta, Value::kU16, Time::kAbsolute, 9,
     "frozen counter difference, 16-bit with flag and time"},
    {21, 9, Form::kPlain, Flags::kNone, Value::kU32, Time::kNone, 4, "frozen counter, 32-bit without flag"},
    {21, 10, Form::kPlain, Flags::kNone, Value::kU16, Time::kNone, 2, "frozen counter, 16-bit without flag"},
    {21, 11, Form::kPlain, Flags::kNone, Value::kU32, Time::kNone, 4,
     "frozen counter difference, 32-bit without flag"},
    {21, 12, Form::kPlain, Flags::kNone, Value::kU16, Time::kNone, 2,
     "frozen counter difference, 16-bit without flag"},
    {22, 1, Form::kPlain, Flags::kCounter, Value::kU32, Time::kNone, 5, "counter event, 32-bit with flag"},
    {22, 2, Form::kPlain, Flags::kCounter, Value::kU16, Time::kNone, 3, "counter event, 16-bit with flag"},
    {22, 3, Form::kPlain, Flags::kDelta, Value::kU32, Time::kNone, 5,
     "counter event difference, 32-bit with flag"},
    {22, 4, Form::kPlain, Flags::kDelta, Value::kU16, Time::kNone, 3,
     "counter event difference, 16-bit with flag"},
    {22, 5, Form::kPlain, Flags::kCounter, Value::kU32, Time::kAbsolute, 11,
     "counter event, 32-bit with flag and time"},
    {22, 6, Form::kPlain, Flags::kCounter, Value::kU16, Time::kAbsolute, 9,
     "counter event, 16-bit with flag and time"},
    {22, 7, Form::kPlain, Flags::kDelta, Value::kU32, Time::kAbsolute, 11,
     "counter event difference, 32-bit with flag and time"},
    {22, 8, Form::kPlain, Flags::kDelta, Value::kU16, Time::kAbsolute, 9,
     "counter event difference, 16-bit with flag and time"},
    {23, 1, Form::kPlain, Flags::kCounter, Value::kU32, Time::kNone, 5,
     "frozen counter event, 32-bit with flag"},
    {23, 2, Form::kPlain, Flags::kCounter, Value::kU16, Time::kNone, 3,
     "frozen counter event, 16-bit with flag"},
    {23, 3, Form::kPlain, Flags::kDelta, Value::kU32, Time::kNone, 5,
     "frozen counter event difference, 32-bit with flag"},
    {23, 4, Form::kPlain, Flags::kDelta, Value::kU16, Time::kNone, 3,
     "frozen counter event difference, 16-bit with flag"},
    {23, 5, Form::kPlain, Flags::kCounter, Value::kU32, Time::kAbsolute, 11,
     "frozen counter event, 32-bit with flag and time"},
    {23, 6, Form::kPlain, Flags::kCounter, Value::kU16, Time::kAbsolute, 9,
     "frozen counter event, 16-bit with flag and time"},
    {23, 7, Form::kPlain, Flags::kDelta, Value::kU32, Time::kAbsolute, 11,
     "frozen counter event difference, 32-bit with flag and time"},
    {23, 8, Form::kPlain, Flags::kDelta, Value::kU16, Time::kAbsolute, 9,
     "frozen counter event difference, 16-bit with flag and time"},
    {30, 1, Form::kPlain, Flags::kAnalog, Value::kI32, Time::kNone, 5, "analog input, 32-bit with flag"},
    {30, 2, Form::kPlain, Flags::kAnalog, Value::kI16, Time::kNone, 3, "analog input, 16-bit with flag"},
    {30, 3, Form::kPlain, Flags::kNone, Value::kI32, Time::kNone, 4, "analog input, 32-bit without flag"},
    {30, 4, Form::kPlain, Flags::kNone, Value::kI16, Time::kNone, 2, "analog input, 16-bit without flag"},
    {30, 5, Form::kPlain, Flags::kAnalog, Value::kF32, Time::kNone, 5,
     "analog input, single-precision with flag"},
    {30, 6, Form::kPlain, Flags::kAnalog, Value::kF64, Time::kNone, 9,
     "analog input, double-precision with flag"},
    {31, 1, Form::kPlain, Flags::kAnalog, Value::kI32, Time::kNone, 5,
     "frozen analog input, 32-bit with flag"},
    {31, 2, Form::kPlain, Flags::kAnalog, Value::kI16, Time::kNone, 3,
     "frozen analog input, 16-bit with flag"},
    {31, 3, Form::kPlain, Flags::kAnalog, Value::kI32, Time::kAbsolute, 11,
     "frozen analog input, 32-bit with flag and time"},
    {31, 4, Form::kPlain, Flags::kAnalog, Value::kI16, Time::kAbsolute, 9,
     "frozen analog input, 16-bit with flag and time"},
    {31, 5, Form::kPlain, Flags::kNone, Value::kI32, Time::kNone, 4,
     "frozen analog input, 32-bit without flag"},
    {31, 6, Form::kPlain, Flags::kNone, Value::kI16, Time::kNone, 2,
     "frozen analog input, 16-bit without flag"},
    {31, 7, Form::kPlain, Flags::kAnalog, Value::kF32, Time::kNone, 5,
     "frozen analog input, single-precision with flag"},
    {31, 8, Form::kPlain, Flags::kAnalog, Value::kF64, Time::kNone, 9,
     "frozen analog input, double-precision with flag"},
    {32, 1, Form::kPlain, Flags::kAnalog, Value::kI32, Time::kNone, 5,
     "analog input event, 32-bit with flag"},
    {32, 2, Form::kPlain, Flags::kAnalog, Value::kI16, Time::kNone, 3,
     "analog input event, 16-bit with flag"},
    {32, 3, Form::kPlain, Flags::kAnalog, Value::kI32, Time::kAbsolute, 11,
     "analog input event, 32-bit with flag and time"},
    {32, 4, Form::kPlain, Flags::kAnalog, Value::kI16, Time::kAbsolute, 9,
     "analog input event, 16-bit with flag and time"},
    {32, 5, Form::kPlain, Flags::kAnalog, Value::kF32, Time::kNone, 5,
     "analog input event, single-precision with flag"},
    {32, 6, Form::kPlain, Flags::kAnalog, Value::kF64, Time::kNone, 9,
     "analog input event, double-precision with flag"},
    {32, 7, Form::kPlain, Flags::kAnalog, Value::kF32, Time::kAbsolute, 11,
     "analog input event, single-precision with flag and time"},
    {32, 8, Form::kPlain, Flags::kAnalog, Value::kF64, Time::kAbsolute, 15,
     "analog input event, double-precision with flag and time"},
    {33, 1, Form::kPlain, Flags::kAnalog, Value::kI32, Time::kNone, 5,
     "frozen analog input event, 32-bit with flag"},
    {33, 2, Form::kPlain, Flags::kAnalog, Value::kI16, Time::kNone, 3,
     "frozen analog input event, 16-bit with flag"},
    {33, 3, Form::kPlain, Flags::kAnalog, Value::kI32, Time::kAbsolute, 11,
     "frozen analog input event, 32-bit with flag and time"},
    {33, 4, Form::kPlain, Flags::kAnalog, Value::kI16, Time::kAbsolute, 9,
     "frozen analog input event, 16-bit with flag and time"},
    {33, 5, Form::kPlain, Flags::kAnalog, Value::kF32, Time::kNone, 5,
     "frozen analog input event, single-precision with flag"},
    {33, 6, Form::kPlain, Flags::kAnalog, Value::kF64, Time::kNone, 9,
     "frozen analog input event, double-precision with flag"},
    {33, 7, Form::kPlain, Flags::kAnalog, Value::kF32, Time::kAbsolute, 11,
     "frozen analog input event, single-precision with flag and time"},
    {33, 8, Form::kPlain, Flags::kAnalog, Value::kF64, Time::kAbsolute, 15,
     "frozen analog input event, double-precision with flag and time"},
    {34, 1, Form::kPlain, Flags::kNone, Value::kU16, Time::kNone, 2, "analog input deadband, 16-bit"},
    {34, 2, Form::kPlain, Flags::kNone, Value::kU32, Time::kNone, 4, "analog input deadband, 32-bit"},
    {34, 3, Form::kPlain, Flags::kNone, Value::kF32, Time::kNone, 4,
     "analog input deadband, single-precision"},
    {40, 1, Form::kPlain, Flags::kAnalog, Value::kI32, Time::kNone, 5,
     "analog output status, 32-bit with flag"},
    {40, 2, Form::kPlain, Flags::kAnalog, Value::kI16, Time::kNone, 3,
     "analog output status, 16-bit with flag"},
    {40, 3, Form::kPlain, Flags::kAnalog, Value::kF32, Time::kNone, 5,
     "analog output status, single-precision with flag"},
    {40, 4, Form::kPlain, Flags::kAnalog, Value::kF64, Time::kNone, 9,
     "analog output status, double-precision with flag"},
    {41, 1, Form::kOutput, Flags::kNone, Value::kI32, Time::kNone, 5, "analog output, 32-bit"},
    {41, 2, Form::kOutput, Flags::kNone, Value::kI16, Time::kNone, 3, "analog output, 16-bit"},
    {41, 3, Form::kOutput, Flags::kNone, Value::kF32, Time::kNone, 5, "analog output, single-precision"},
    {41, 4, Form::kOutput, Flags::kNone, Value::kF64, Time::kNone, 9, "analog output, double-precision"},
    {42, 1, Form::kPlain, Flags::kAnalog, Value::kI32, Time::kNone, 5,
     "analog output event, 32-bit with flag"},
    {42, 2, Form::kPlain, Flags::kAnalog, Value::kI16, Time::kNone, 3,
     "analog output event, 16-bit with flag"},
    {42, 3, Form::kPlain, Flags::kAnalog, Value::kI32, Time::kAbsolute, 11,
     "analog output event, 32-bit with flag and time"},
    {42, 4, Form::kPlain, Flags::kAnalog, Value::kI16, Time::kAbsolute, 9,
     "analog output event, 16-bit with flag and time"},
    {42, 5, Form::kPlain, Flags::kAnalog, Value::kF32, Time::kNone, 5,
     "analog output event, single-precision with flag"},
    {42, 6, Form::kPlain, Flags::kAnalog, Value::kF64, Time::kNone, 9,
     "analog output event, double-precision with flag"},
    {42, 7, Form::kPlain, Flags::kAnalog, Value::kF32, Time::kAbsolute, 11,
     "analog output event, single-precision with flag and time"},
    {42, 8, Form::kPlain, Flags::kAnalog, Value::kF64, Time::kAbsolute, 15,
     "analog output event, double-precision with flag and time"},
    {43, 1, Form::kPlain, Flags::kCommandAnalog, Value::kI32, Time::kNone, 5,
     "analog output command event, 32-bit"},
    {43, 2, Form::kPlain, Flags::kCommandAnalog, Value::kI16, Time::kNone, 3,
     "analog output command event, 16-bit"},
    {43, 3, Form::kPlain, Flags::kCommandAnalog, Value::kI32, Time::kAbsolute, 11,
     "analog output command event, 32-bit with time"},
    {43, 4, Form::kPlain, Flags::kCommandAnalog, Value::kI16, Time::kAbsolute, 9,
     "analog output command event, 16-bit with time"},
    {43, 5, Form::kPlain, Flags::kCommandAnalog, Value::kF32, Time::kNone, 5,
     "analog output command event, single-precision"},
    {43, 6, Form::kPlain, Flags::kCommandAnalog, Value::kF64, Time::kNone, 9,
     "analog output command event, double-precision"},
    {43, 7, Form::kPlain, Flags::kCommandAnalog, Value::kF32, Time::kAbsolute, 11,
     "analog output command event, single-precision with time"},
    {43, 8, Form::kPlain, Flags::kCommandAnalog, Value::kF64, Time::kAbsolute, 15,
     "analog output command event, double-precision with time"},
    {50, 1, Form::kTime, Flags::kNone, Value::kNone, Time::kAbsolute, 6, "time and date"},
    {50, 2, Form::kTime, Flags::kNone, Value::kNone, Time::kAbsolute, 10, "time and date with interval"},
    {50, 3, Form::kTime, Flags::kNone, Value::kNone, Time::kAbsolute, 6, "time and date of the last record"},
    {50, 4, Form::kTime, Flags::kNone, Value::kNone, Time::kAbsolute, 11,
     "time and date, indexed, with interval"},
    {51, 1, Form::kTime, Flags::kNone, Value::kNone, Time::kAbsolute, 6,
     "common time of occurrence, synchronized"},
    {51, 2, Form::kTime, Flags::kNone, Value::kNone, Time::kAbsolute, 6,
     "common time of occurrence, unsynchronized"},
    {52, 1, Form::kDelay, Flags::kNone, Value::kNone, Time::kNone, 2, "time delay, seconds"},
    {52, 2, Form::kDelay, Flags::kNone, Value::kNone, Time::kNone, 2, "time delay, milliseconds"},
    {60, 1, Form::kEmpty, Flags::kNone, Value::kNone, Time::kNone, 0, "class 0 data"},
    {60, 2, Form::kEmpty, Flags::kNone, Value::kNone, Time::kNone, 0, "class 1 data"},
    {60, 3, Form::kEmpty, Flags::kNone, Value::kNone, Time::kNone, 0, "class 2 data"},
    {60, 4, Form::kEmpty, Flags::kNone, Value::kNone, Time::kNone, 0, "class 3 data"},
    {70, 1, Form::kFile, Flags::kNone, Value::kNone, Time::kNone, 0, "file identifier"},
    {70, 2, Form::kFile, Flags::kNone, Value::kNone, Time::kNone, 0, "file authentication"},
    {70, 3, Form::kFile, Flags::kNone, Value::kNone, Time::kNone, 0, "file command"},
    {70, 4, Form::kFile, Flags::kNone, Value::kNone, Time::kNone, 0, "file command status"},
    {70, 5, Form::kFile, Flags::kNone, Value::kNone, Time::kNone, 0, "file transport"},
    {70, 6, Form::kFile, Flags::kNone, Value::kNone, Time::kNone, 0, "file transport status"},
    {70, 7, Form::kFile, Flags::kNone, Value::kNone, Time::kNone, 0, "file descriptor"},
    {70, 8, Form::kFile, Flags::kNone, Value::kNone, Time::kNone, 0, "file specification"},
    {80, 1, Form::kBits, Flags::kNone, Value::kNone, Time::kNone, 0, "internal indications"},
    {81, 1, Form::kBytes, Flags::kNone, Value::kNone, Time::kNone, 3, "buffer fill status"},
    {82, 1, Form::kFree, Flags::kNone, Value::kNone, Time::kNone, 0, "device profile"},
    {83, 1, Form::kFree, Flags::kNone, Value::kNone, Time::kNone, 0, "private registration object"},
    {83, 2, Form::kFree, Flags::kNone, Value::kNone, Time::kNone, 0,
     "private registration object descriptor"},
    {85, 1, Form::kFree, Flags::kNone, Value::kNone, Time::kNone, 0, "data set prototype"},
    {86, 1, Form::kFree, Flags::kNone, Value::kNone, Time::kNone, 0, "data set descriptor, contents"},
    {86, 2, Form::kBytes, Flags::kNone, Value::kNone, Time::kNone, 1, "data set descriptor, characteristics"},
    {86, 3, Form::kFree, Flags::kNone, Value::kNone, Time::kNone, 0, "data set descriptor, point indexes"},
    {87, 1, Form::kFree, Flags::kNone, Value::kNone, Time::kNone, 0, "data set, present value"},
    {88, 1, Form::kFree, Flags::kNone, Value::kNone, Time::kNone, 0, "data set event, snapshot"},
    {90, 1, Form::kFree, Flags::kNone, Value::kNone, Time::kNone, 0, "application identifier"},
    {91, 1, Form::kFree, Flags::kNone, Value::kNone, Time::kNone, 0, "status of requested operation"},
    {101, 1, Form::kBytes, Flags::kNone, Value::kNone, Time::kNone, 2, "binary-coded decimal, small"},
    {101, 2, Form::kBytes, Flags::kNone, Value::kNone, Time::kNone, 4, "binary-coded decimal, medium"},
    {101, 3, Form::kBytes, Flags::kNone, Value::kNone, Time::kNone, 8, "binary-coded decimal, large"},
    {102, 1, Form::kBytes, Flags::kNone, Value::kNone, Time::kNone, 1, "unsigned integer, 8-bit"},
    {110, 0, Form::kSized, Flags::kNone, Value::kNone, Time::kNone, 0, "octet string"},
    {111, 0, Form::kSized, Flags::kNone, Value::kNone, Time::kNone, 0, "octet string event"},
    {112, 0, Form::kSized, Flags::kNone, Value::kNone, Time::kNone, 0, "virtual terminal output"},
    {113, 0, Form::kSized, Flags::kNone, Value::kNone, Time::kNone, 0, "virtual terminal event"},
    {120, 1, Form::kAuth, Flags::kNone, Value::kNone, Time::kNone, 0, "authentication challenge"},
    {120, 2, Form::kAuth, Flags::kNone, Value::kNone, Time::kNone, 0, "authentication reply"},
    {120, 3, Form::kAuth, Flags::kNone, Value::kNone, Time::kNone, 6,
     "authentication aggressive mode request"},
    {120, 4, Form::kAuth, Flags::kNone, Value::kNone, Time::kNone, 2,
     "authentication session key status request"},
    {120, 5, Form::kAuth, Flags::kNone, Value::kNone, Time::kNone, 0, "authentication session key status"},
    {120, 6, Form::kAuth, Flags::kNone, Value::kNone, Time::kNone, 0, "authentication session key change"},
    {120, 7, Form::kAuth, Flags::kNone, Value::kNone, Time::kNone, 0, "authentication error"},
    {120, 8, Form::kAuth, Flags::kNone, Value::kNone, Time::kNone, 0, "authentication user certificate"},
    {120, 9, Form::kAuth, Flags::kNone, Value::kNone, Time::kNone, 0,
     "authentication message authentication code"},
    {120, 10, Form::kAuth, Flags::kNone, Value::kNone, Time::kNone, 0, "authentication user status change"},
    {120, 11, Form::kAuth, Flags::kNone, Value::kNone, Time::kNone, 0,
     "authentication update key change request"},
    {120, 12, Form::kAuth, Flags::kNone, Value::kNone, Time::kNone, 0,
     "authentication update key change reply"},
    {120, 13, Form::kAuth, Flags::kNone, Value::kNone, Time::kNone, 0, "authentication update key change"},
    {120, 14, Form::kAuth, Flags::kNone, Value::kNone, Time::kNone, 0,
     "authentication update key change signature"},
    {120, 15, Form::kAuth, Flags::kNone, Value::kNone, Time::kNone, 0,
     "authentication update key change confirmation"},
    {121, 1, Form::kStatistic, Flags::kNone, Value::kNone, Time::kNone, 7, "security statistic"},
    {122, 1, Form::kStatistic, Flags::kNone, Value::kNone, Time::kNone, 7, "security statistic event"},
    {122, 2, Form::kStatistic, Flags::kNone, Value::kNone, Time::kAbsolute, 13,
     "security statistic event with time"},
};

constexpr bool before(const ObjectType& a, const ObjectType& b) noexcept {
  return a.group != b.group ? a.group < b.group : a.variation < b.variation;
}
static_assert(std::is_sorted(std::begin(kTypes), std::end(kTypes), before));

constexpr unsigned width(Value v) noexcept {
  switch (v) {
    case Value::kNone:
      return 0;
    case Value::kU16:
    case Value::kI16:
      return 2;
    case Value::kF64:
      return 8;
    default:
      return 4;
  }
}

/// The size of a point follows from what it is made of.
constexpr bool sizes_fit() noexcept {
  for (const ObjectType& t : kTypes) {
    const unsigned time = t.time == Time::kAbsolute ? 6 : t.time == Time::kRelative ? 2 : 0;
    if (t.form == Form::kPlain && t.size != (t.flags != Flags::kNone ? 1U : 0U) + width(t.value) + time)
      return false;
    if (t.form == Form::kOutput && t.size != width(t.value) + 1) return false;
  }
  return true;
}
static_assert(sizes_fit());

/// First line of each group; a group without one has the next group's.
constexpr auto kFirst = [] {
  std::array<std::uint16_t, 257> first{};
  std::size_t at = 0;
  for (std::size_t group = 0; group < first.size(); ++group) {
    while (at < std::size(kTypes) && kTypes[at].group < group) ++at;
    first[group] = static_cast<std::uint16_t>(at);
  }
  return first;
}();

constexpr bool numbers_itself(Form form) noexcept { return form == Form::kAttribute || form == Form::kSized; }

struct GroupName {
  std::uint8_t group;
  std::string_view name;
};
constexpr GroupName kGroups[] = {
    {0, "device attributes"},
    {1, "binary inputs"},
    {2, "binary input events"},
    {3, "double-bit inputs"},
    {4, "double-bit input events"},
    {10, "binary outputs"},
    {11, "binary output events"},
    {12, "binary output commands"},
    {13, "binary output command events"},
    {20, "counters"},
    {21, "frozen counters"},
    {22, "counter events"},
    {23, "frozen counter events"},
    {30, "analog inputs"},
    {31, "frozen analog inputs"},
    {32, "analog input events"},
    {33, "frozen analog input events"},
    {34, "analog input deadbands"},
    {40, "analog outputs"},
    {41, "analog output commands"},
    {42, "analog output events"},
    {43, "analog output command events"},
    {50, "time and date"},
    {51, "common time of occurrence"},
    {52, "time delay"},
    {60, "class data"},
    {70, "files"},
    {80, "internal indications"},
    {81, "device storage"},
    {82, "device profile"},
    {83, "private registration"},
    {85, "data set prototypes"},
    {86, "data set descriptors"},
    {87, "data sets"},
    {88, "data set events"},
    {90, "applications"},
    {91, "status of requested operation"},
    {101, "binary-coded decimals"},
    {102, "unsigned integers"},
    {110, "octet strings"},
    {111, "octet string events"},
    {112, "virtual terminal output"},
    {113, "virtual terminal events"},
    {120, "authentication"},
    {121, "security statistics"},
    {122, "security statistic events"},
};

}  // namespace

const ObjectType* object_type(std::uint8_t group, std::uint8_t variation) noexcept {
  for (std::size_t i = kFirst[group]; i < kFirst[group + 1U]; ++i) {
    if (kTypes[i].variation == variation || numbers_itself(kTypes[i].form)) return &kTypes[i];
  }
  return nullptr;
}

std::string_view group_name(std::uint8_t group) noexcept {
  const auto* at = std::lower_bound(std::begin(kGroups), std::end(kGroups), group,
                                    [](const GroupName& g, std::uint8_t wanted) { return g.group < wanted; });
  return at != std::end(kGroups) && at->group == group ? at->name : std::string_view{};
}

}  // namespace picket::dnp3
