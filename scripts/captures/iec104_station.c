/* A controlled station on lib60870: iec104_station ADDRESS PORT. Common address 10.
 *
 * Commands are confirmed, reported with cause 11 and terminated, but for objects 9999 (refused) and 8888 (unknown). A single
 * command to object 6000 makes it report one ASDU of every type in monitor direction. It has a file at object 30000 and
 * takes one at 30001. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lib60870/cs101_file_service.h>
#include <lib60870/cs104_slave.h>
#include <lib60870/hal_thread.h>
#include <lib60870/hal_time.h>

#define STATION 10
#define IO(x) ((InformationObject)(x))

static volatile sig_atomic_t running = 1;
static CS104_Slave slave;
static CS101_AppLayerParameters parameters;

static void stop(int signal) {
  (void)signal;
  running = 0;
}

static void report(IMasterConnection to, CS101_CauseOfTransmission cause, InformationObject io) {
  CS101_ASDU asdu = CS101_ASDU_create(parameters, false, cause, 0, STATION, false, false);
  CS101_ASDU_addInformationObject(asdu, io);
  InformationObject_destroy(io);
  if (to != NULL) {
    IMasterConnection_sendASDU(to, asdu);
  } else {
    CS104_Slave_enqueueASDU(slave, asdu);
  }
  CS101_ASDU_destroy(asdu);
}

static void report_every_type(IMasterConnection to) {
  struct sCP56Time2a t56;
  struct sCP24Time2a t24;
  struct sCP16Time2a t16;
  struct sBinaryCounterReading counter;
  struct sStatusAndStatusChangeDetection scd;
  tSingleEvent single = 0x02 | IEC60870_QUALITY_BLOCKED;
  const CS101_CauseOfTransmission spont = CS101_COT_SPONTANEOUS;
  CP56Time2a_createFromMsTimestamp(&t56, Hal_getTimeInMs());
  memset(&t24, 0, sizeof t24);
  CP24Time2a_setMillisecond(&t24, 123);
  CP24Time2a_setSecond(&t24, 45);
  CP24Time2a_setMinute(&t24, 17);
  CP16Time2a_setEplapsedTimeInMs(&t16, 1500);
  BinaryCounterReading_create(&counter, -123456, 7, true, false, true);
  memset(&scd, 0, sizeof scd);
  scd.encodedValue[0] = 0x05;
  scd.encodedValue[1] = 0x80;
  scd.encodedValue[2] = 0x04;

  report(to, spont, IO(SinglePointInformation_create(NULL, 1001, true, IEC60870_QUALITY_GOOD)));
  report(to, spont, IO(SinglePointWithCP24Time2a_create(NULL, 1002, false, IEC60870_QUALITY_NON_TOPICAL, &t24)));
  report(to, spont, IO(DoublePointInformation_create(NULL, 1003, IEC60870_DOUBLE_POINT_ON, IEC60870_QUALITY_SUBSTITUTED)));
  report(to, spont, IO(DoublePointWithCP24Time2a_create(NULL, 1004, IEC60870_DOUBLE_POINT_OFF, IEC60870_QUALITY_GOOD, &t24)));
  report(to, spont, IO(StepPositionInformation_create(NULL, 1005, -17, true, IEC60870_QUALITY_GOOD)));
  report(to, spont, IO(StepPositionWithCP24Time2a_create(NULL, 1006, 42, false, IEC60870_QUALITY_INVALID, &t24)));
  report(to, spont, IO(BitString32_create(NULL, 1007, 0xdeadbeef)));
  report(to, spont, IO(Bitstring32WithCP24Time2a_create(NULL, 1008, 0x12345678, &t24)));
  report(to, CS101_COT_PERIODIC, IO(MeasuredValueNormalized_create(NULL, 1009, 0.5f, IEC60870_QUALITY_GOOD)));
  report(to, spont, IO(MeasuredValueNormalizedWithCP24Time2a_create(NULL, 1010, -0.25f, IEC60870_QUALITY_GOOD, &t24)));
  report(to, CS101_COT_BACKGROUND_SCAN, IO(MeasuredValueScaled_create(NULL, 1011, -1234, IEC60870_QUALITY_OVERFLOW)));
  report(to, spont, IO(MeasuredValueScaledWithCP24Time2a_create(NULL, 1012, 32767, IEC60870_QUALITY_GOOD, &t24)));
  report(to, spont, IO(MeasuredValueShort_create(NULL, 1013, 49.98f, IEC60870_QUALITY_GOOD)));
  report(to, spont, IO(MeasuredValueShortWithCP24Time2a_create(NULL, 1014, -1.5f, IEC60870_QUALITY_GOOD, &t24)));
  report(to, spont, IO(IntegratedTotals_create(NULL, 1015, &counter)));
  report(to, spont, IO(IntegratedTotalsWithCP24Time2a_create(NULL, 1016, &counter, &t24)));
  report(to, spont, IO(EventOfProtectionEquipment_create(NULL, 1017, &single, &t16, &t24)));
  report(to, spont, IO(PackedStartEventsOfProtectionEquipment_create(NULL, 1018, 0x15, IEC60870_QUALITY_ELAPSED_TIME_INVALID, &t16, &t24)));
  report(to, spont, IO(PackedOutputCircuitInfo_create(NULL, 1019, 0x05, IEC60870_QUALITY_GOOD, &t16, &t24)));
  report(to, spont, IO(PackedSinglePointWithSCD_create(NULL, 1020, &scd, IEC60870_QUALITY_GOOD)));
  report(to, spont, IO(MeasuredValueNormalizedWithoutQuality_create(NULL, 1021, -1.0f)));
  report(to, spont, IO(SinglePointWithCP56Time2a_create(NULL, 1030, true, IEC60870_QUALITY_INVALID | IEC60870_QUALITY_BLOCKED, &t56)));
  report(to, CS101_COT_RETURN_INFO_LOCAL, IO(DoublePointWithCP56Time2a_create(NULL, 1031, IEC60870_DOUBLE_POINT_INTERMEDIATE, IEC60870_QUALITY_GOOD, &t56)));
  report(to, spont, IO(StepPositionWithCP56Time2a_create(NULL, 1032, 63, false, IEC60870_QUALITY_GOOD, &t56)));
  report(to, spont, IO(Bitstring32WithCP56Time2a_create(NULL, 1033, 1, &t56)));
  report(to, spont, IO(MeasuredValueNormalizedWithCP56Time2a_create(NULL, 1034, 0.125f, IEC60870_QUALITY_GOOD, &t56)));
  CP56Time2a_setSummerTime(&t56, true);
  report(to, spont, IO(MeasuredValueScaledWithCP56Time2a_create(NULL, 1035, 7, IEC60870_QUALITY_GOOD, &t56)));
  CP56Time2a_setInvalid(&t56, true);
  report(to, spont, IO(MeasuredValueShortWithCP56Time2a_create(NULL, 1036, 110.25f, IEC60870_QUALITY_GOOD, &t56)));
  CP56Time2a_setSubstituted(&t56, true);
  report(to, spont, IO(IntegratedTotalsWithCP56Time2a_create(NULL, 1037, &counter, &t56)));
  report(to, spont, IO(EventOfProtectionEquipmentWithCP56Time2a_create(NULL, 1038, &single, &t16, &t56)));
  report(to, spont, IO(PackedStartEventsOfProtectionEquipmentWithCP56Time2a_create(NULL, 1039, 0x3f, IEC60870_QUALITY_GOOD, &t16, &t56)));
  report(to, spont, IO(PackedOutputCircuitInfoWithCP56Time2a_create(NULL, 1040, 0x0f, IEC60870_QUALITY_GOOD, &t16, &t56)));
  report(to, CS101_COT_INITIALIZED, IO(EndOfInitialization_create(NULL, 1)));
}

static bool on_interrogation(void* p, IMasterConnection c, CS101_ASDU asdu, uint8_t qoi) {
  (void)p;
  if (qoi != 20 && qoi != 21) {
    IMasterConnection_sendACT_CON(c, asdu, true);
    return true;
  }
  const CS101_CauseOfTransmission cause = (CS101_CauseOfTransmission)qoi;
  IMasterConnection_sendACT_CON(c, asdu, false);
  CS101_ASDU points = CS101_ASDU_create(parameters, true, cause, 0, STATION, false, false);
  for (int i = 0; i < (qoi == 20 ? 40 : 4); ++i) {
    InformationObject io = IO(SinglePointInformation_create(NULL, 300 + i, i % 3 == 0, i == 5 ? IEC60870_QUALITY_NON_TOPICAL : IEC60870_QUALITY_GOOD));
    CS101_ASDU_addInformationObject(points, io);
    InformationObject_destroy(io);
  }
  IMasterConnection_sendASDU(c, points);
  CS101_ASDU_destroy(points);
  CS101_ASDU values = CS101_ASDU_create(parameters, false, cause, 0, STATION, false, false);
  for (int i = 0; i < 3; ++i) {
    InformationObject io = IO(MeasuredValueShort_create(NULL, 100 + 7 * i, 230.5f + (float)i, IEC60870_QUALITY_GOOD));
    CS101_ASDU_addInformationObject(values, io);
    InformationObject_destroy(io);
  }
  IMasterConnection_sendASDU(c, values);
  CS101_ASDU_destroy(values);
  IMasterConnection_sendACT_TERM(c, asdu);
  return true;
}

static bool on_counters(void* p, IMasterConnection c, CS101_ASDU asdu, QualifierOfCIC qcc) {
  (void)p;
  (void)qcc;
  struct sBinaryCounterReading counter;
  IMasterConnection_sendACT_CON(c, asdu, false);
  BinaryCounterReading_create(&counter, 987654, 1, false, false, false);
  report(c, CS101_COT_REQUESTED_BY_GENERAL_COUNTER, IO(IntegratedTotals_create(NULL, 400, &counter)));
  IMasterConnection_sendACT_TERM(c, asdu);
  return true;
}

static bool on_read(void* p, IMasterConnection c, CS101_ASDU asdu, int ioa) {
  (void)p;
  if (ioa == 100) {
    report(c, CS101_COT_REQUEST, IO(MeasuredValueScaled_create(NULL, 100, 42, IEC60870_QUALITY_GOOD)));
  } else {
    CS101_ASDU_setCOT(asdu, CS101_COT_UNKNOWN_IOA);
    CS101_ASDU_setNegative(asdu, true);
    IMasterConnection_sendASDU(c, asdu);
  }
  return true;
}

static bool on_clock(void* p, IMasterConnection c, CS101_ASDU asdu, CP56Time2a time) {
  (void)p;
  (void)c;
  (void)asdu;
  CP56Time2a_setFromMsTimestamp(time, Hal_getTimeInMs());
  return true;
}

static bool on_asdu(void* p, IMasterConnection c, CS101_ASDU asdu) {
  (void)p;
  const int type = CS101_ASDU_getTypeID(asdu);
  const bool command = (type >= 45 && type <= 51) || (type >= 58 && type <= 64);
  if (!command && (type < 105 || type > 113)) return false;
  InformationObject io = CS101_ASDU_getElement(asdu, 0);
  const int ioa = io == NULL ? 0 : InformationObject_getObjectAddress(io);
  uint8_t* raw = CS101_ASDU_getPayload(asdu);
  const int last = CS101_ASDU_getPayloadSize(asdu) - 1 - (type >= 58 && type <= 64 ? 7 : 0);
  const bool selects = command && type != 51 && type != 64 && (raw[last] & 0x80) != 0;
  if (io != NULL) InformationObject_destroy(io);

  if (ioa == 8888) {
    CS101_ASDU_setCOT(asdu, CS101_COT_UNKNOWN_IOA);
    CS101_ASDU_setNegative(asdu, true);
    IMasterConnection_sendASDU(c, asdu);
    return true;
  }
  const bool off = CS101_ASDU_getCOT(asdu) == CS101_COT_DEACTIVATION;
  CS101_ASDU_setCOT(asdu, off ? CS101_COT_DEACTIVATION_CON : CS101_COT_ACTIVATION_CON);
  CS101_ASDU_setNegative(asdu, ioa == 9999);
  IMasterConnection_sendASDU(c, asdu);
  if (ioa == 9999 || !command || selects || off) return true;
  if (ioa == 6000) {
    report_every_type(NULL);
  } else {
    report(c, CS101_COT_RETURN_INFO_REMOTE, IO(SinglePointInformation_create(NULL, ioa + 1, true, IEC60870_QUALITY_GOOD)));
  }
  CS101_ASDU_setCOT(asdu, CS101_COT_ACTIVATION_TERMINATION);
  IMasterConnection_sendASDU(c, asdu);
  return true;
}

/* One file of two sections, text that can be told in a record. */
static const char* const kSections[] = {
    "disturbance 1: earth fault L2, trip after 83 ms; ",
    "disturbance 2: overcurrent L1, picked up, no trip",
};
static int file_size(CS101_IFileProvider f) {
  (void)f;
  return (int)(strlen(kSections[0]) + strlen(kSections[1]));
}
static uint64_t file_date(CS101_IFileProvider f) {
  (void)f;
  return Hal_getTimeInMs();
}
static int section_size(CS101_IFileProvider f, int section) {
  (void)f;
  return section < 2 ? (int)strlen(kSections[section]) : 0;
}
static bool segment(CS101_IFileProvider f, int section, int offset, int size, uint8_t* data) {
  (void)f;
  if (section > 1) return false;
  memcpy(data, kSections[section] + offset, (size_t)size);
  return true;
}
static void complete(CS101_IFileProvider f, bool success) {
  (void)f;
  (void)success;
}
static struct sCS101_IFileProvider the_file;
static CS101_IFileProvider next_file(void* p, CS101_IFileProvider after) {
  (void)p;
  return after == NULL ? &the_file : NULL;
}
static CS101_IFileProvider get_file(void* p, int ca, int ioa, uint16_t nof, int* error) {
  (void)p;
  (void)nof;
  *error = ca != STATION ? 2 : 1;
  return ca == STATION && ioa == 30000 ? &the_file : NULL;
}
static struct sCS101_FilesAvailable files = {next_file, get_file, NULL};

static struct sCS101_IFileReceiver receiver;
static void received(CS101_IFileReceiver f, uint8_t section, int offset, int size, uint8_t* data) {
  (void)f;
  (void)section;
  (void)offset;
  (void)size;
  (void)data;
}
static void finished(CS101_IFileReceiver f, CS101_FileErrorCode result) {
  (void)f;
  (void)result;
}
static CS101_IFileReceiver on_file_ready(void* p, int ca, int ioa, uint16_t nof, int length, int* error) {
  (void)p;
  (void)nof;
  (void)length;
  *error = ca == STATION && ioa == 30001 ? 0 : 1;
  return *error == 0 ? &receiver : NULL;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  signal(SIGTERM, stop);
  slave = CS104_Slave_create(100, 100);
  CS104_Slave_setLocalAddress(slave, argv[1]);
  CS104_Slave_setLocalPort(slave, atoi(argv[2]));
  CS104_Slave_setServerMode(slave, CS104_MODE_CONNECTION_IS_REDUNDANCY_GROUP);
  parameters = CS104_Slave_getAppLayerParameters(slave);
  CS104_Slave_setInterrogationHandler(slave, on_interrogation, NULL);
  CS104_Slave_setCounterInterrogationHandler(slave, on_counters, NULL);
  CS104_Slave_setReadHandler(slave, on_read, NULL);
  CS104_Slave_setClockSyncHandler(slave, on_clock, NULL);
  CS104_Slave_setASDUHandler(slave, on_asdu, NULL);
  CS104_Slave_getConnectionParameters(slave)->t3 = 2;

  the_file.ca = STATION;
  the_file.ioa = 30000;
  the_file.nof = CS101_NOF_DISTURBANCE_DATA;
  the_file.getFileSize = file_size;
  the_file.getFileDate = file_date;
  the_file.getSectionSize = section_size;
  the_file.getSegmentData = segment;
  the_file.transferComplete = complete;
  receiver.segmentReceived = received;
  receiver.finished = finished;
  CS101_FileServer server = CS101_FileServer_create(parameters);
  CS101_FileServer_setFilesAvailableIfc(server, &files);
  CS101_FileServer_setFileReadyHandler(server, on_file_ready, NULL);
  CS104_Slave_addPlugin(slave, CS101_FileServer_getSlavePlugin(server));

  CS104_Slave_start(slave);
  if (!CS104_Slave_isRunning(slave)) return 1;
  while (running) Thread_sleep(100);
  CS104_Slave_stop(slave);
  CS104_Slave_destroy(slave);
  return 0;
}
