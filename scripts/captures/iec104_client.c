/* A controlling station on lib60870: iec104_client CONVERSATION ADDRESS PORT. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lib60870/cs104_connection.h>
#include <lib60870/hal_thread.h>
#include <lib60870/hal_time.h>

#define STATION 10
#define ACT CS101_COT_ACTIVATION
#define IO(x) ((InformationObject)(x))

static CS104_Connection link;
static struct sCP56Time2a now;

static void wait_a_moment(void) { Thread_sleep(60); }

static void send_with(CS101_CauseOfTransmission cause, int ca, InformationObject io) {
  CS104_Connection_sendProcessCommandEx(link, cause, ca, io);
  InformationObject_destroy(io);
  wait_a_moment();
}
static void send(InformationObject io) { send_with(ACT, STATION, io); }

static void reports(void) {
  send(IO(SingleCommand_create(NULL, 6000, true, false, 0)));
  Thread_sleep(500);
}

static void commands(void) {
  send(IO(SingleCommand_create(NULL, 5000, true, false, 1)));
  send(IO(DoubleCommand_create(NULL, 5010, IEC60870_DOUBLE_POINT_OFF, false, 2)));
  send(IO(StepCommand_create(NULL, 5020, IEC60870_STEP_HIGHER, false, 3)));
  send(IO(SetpointCommandNormalized_create(NULL, 5030, -0.5f, false, 0)));
  send(IO(SetpointCommandScaled_create(NULL, 5040, -1000, false, 1)));
  send(IO(SetpointCommandShort_create(NULL, 5050, 50.25f, false, 0)));
  send(IO(Bitstring32Command_create(NULL, 5060, 0xcafef00d)));
  send(IO(SingleCommandWithCP56Time2a_create(NULL, 5000, false, false, 0, &now)));
  send(IO(DoubleCommandWithCP56Time2a_create(NULL, 5010, IEC60870_DOUBLE_POINT_ON, false, 0, &now)));
  send(IO(StepCommandWithCP56Time2a_create(NULL, 5020, IEC60870_STEP_LOWER, false, 0, &now)));
  send(IO(SetpointCommandNormalizedWithCP56Time2a_create(NULL, 5030, 0.75f, false, 0, &now)));
  send(IO(SetpointCommandScaledWithCP56Time2a_create(NULL, 5040, 1000, false, 0, &now)));
  send(IO(SetpointCommandShortWithCP56Time2a_create(NULL, 5050, -50.25f, false, 0, &now)));
  send(IO(Bitstring32CommandWithCP56Time2a_create(NULL, 5060, 1, &now)));
}

static void select_before_operate(void) {
  send(IO(SingleCommand_create(NULL, 5000, true, true, 0)));
  send(IO(SingleCommand_create(NULL, 5000, true, false, 0)));
  send(IO(DoubleCommand_create(NULL, 5010, IEC60870_DOUBLE_POINT_ON, true, 0)));
  send_with(CS101_COT_DEACTIVATION, STATION, IO(DoubleCommand_create(NULL, 5010, IEC60870_DOUBLE_POINT_ON, true, 0)));
  send(IO(SetpointCommandShort_create(NULL, 5050, 60.0f, true, 0)));
  send(IO(SetpointCommandShort_create(NULL, 5050, 60.0f, false, 0)));
  send(IO(SingleCommand_create(NULL, 9999, true, true, 0)));
  send(IO(SingleCommand_create(NULL, 5000, false, false, 0)));
}

static void refused(void) {
  send(IO(SingleCommand_create(NULL, 9999, true, false, 0)));
  send(IO(SingleCommand_create(NULL, 8888, true, false, 0)));
  send(IO(SetpointCommandShort_create(NULL, 9999, 1.0f, false, 0)));
  CS104_Connection_sendInterrogationCommand(link, ACT, STATION, 30);
  wait_a_moment();
  CS104_Connection_sendReadCommand(link, STATION, 101);
  wait_a_moment();
  send_with(CS101_COT_SPONTANEOUS, STATION, IO(InterrogationCommand_create(NULL, 0, 20)));
  send_with(ACT, STATION, IO(MeasuredValueScaled_create(NULL, 100, 1, IEC60870_QUALITY_GOOD)));
}

static void interrogations(void) {
  CS104_Connection_sendInterrogationCommand(link, ACT, STATION, 20);
  Thread_sleep(200);
  CS104_Connection_sendInterrogationCommand(link, ACT, STATION, 21);
  Thread_sleep(200);
  CS104_Connection_sendInterrogationCommand(link, ACT, 0xffff, 20);
  Thread_sleep(200);
  for (int freeze = 0; freeze < 4; ++freeze) {
    CS104_Connection_sendCounterInterrogationCommand(link, ACT, STATION, (uint8_t)(5 | freeze << 6));
    wait_a_moment();
  }
  CS104_Connection_sendReadCommand(link, STATION, 100);
  wait_a_moment();
}

static void system_commands(void) {
  const struct sCP16Time2a delay = {{0x10, 0x27}};
  CS104_Connection_sendClockSyncCommand(link, STATION, &now);
  wait_a_moment();
  CS104_Connection_sendTestCommand(link, STATION);
  wait_a_moment();
  CS104_Connection_sendTestCommandWithTimestamp(link, STATION, 0x4711, &now);
  wait_a_moment();
  send(IO(ResetProcessCommand_create(NULL, 0, 1)));
  send(IO(ResetProcessCommand_create(NULL, 0, 2)));
  send(IO(DelayAcquisitionCommand_create(NULL, 0, (CP16Time2a)&delay)));
  send(IO(ParameterNormalizedValue_create(NULL, 100, 0.1f, 1)));
  send(IO(ParameterScaledValue_create(NULL, 101, 500, 3)));
  send(IO(ParameterFloatValue_create(NULL, 102, 1.25f, 4 | 0x40)));
  send(IO(ParameterActivation_create(NULL, 102, 3)));
  send_with(CS101_COT_DEACTIVATION, STATION, IO(ParameterActivation_create(NULL, 102, 3)));
  /* Nothing is said until the station tests the link, after two seconds. */
  Thread_sleep(2600);
  CS104_Connection_sendStopDT(link);
  wait_a_moment();
  CS104_Connection_sendStartDT(link);
  wait_a_moment();
}

static void file_step(InformationObject io) { send_with(CS101_COT_FILE_TRANSFER, STATION, io); }

static void files(void) {
  send_with(CS101_COT_REQUEST, STATION, IO(FileCallOrSelect_create(NULL, 0, 0, 0, 0)));
  Thread_sleep(200);
  file_step(IO(FileCallOrSelect_create(NULL, 30000, 2, 0, 1)));
  file_step(IO(FileCallOrSelect_create(NULL, 30000, 2, 0, 2)));
  for (uint8_t section = 1; section <= 2; ++section) {
    file_step(IO(FileCallOrSelect_create(NULL, 30000, 2, section, 6)));
    Thread_sleep(300);
    file_step(IO(FileACK_create(NULL, 30000, 2, section, 3)));
    Thread_sleep(100);
  }
  file_step(IO(FileACK_create(NULL, 30000, 2, 2, 1)));
  file_step(IO(FileCallOrSelect_create(NULL, 31000, 2, 0, 1)));

  /* And one to the station. */
  uint8_t data[] = "setting group 2: I> 1.20 kA, t> 0.30 s";
  uint8_t sum = 0;
  for (size_t i = 0; i < sizeof data - 1; ++i) sum = (uint8_t)(sum + data[i]);
  file_step(IO(FileReady_create(NULL, 30001, 1, sizeof data - 1, true)));
  file_step(IO(SectionReady_create(NULL, 30001, 1, 1, sizeof data - 1, false)));
  file_step(IO(FileSegment_create(NULL, 30001, 1, 1, data, 20)));
  file_step(IO(FileSegment_create(NULL, 30001, 1, 1, data + 20, sizeof data - 1 - 20)));
  file_step(IO(FileLastSegmentOrSection_create(NULL, 30001, 1, 1, 3, sum)));
  file_step(IO(FileLastSegmentOrSection_create(NULL, 30001, 1, 1, 1, sum)));
  Thread_sleep(200);
}

static const struct {
  const char* name;
  void (*talk)(void);
} kTalks[] = {
    {"reports", reports},       {"commands", commands},         {"select", select_before_operate}, {"refused", refused},
    {"interrogations", interrogations}, {"system", system_commands}, {"files", files},
};

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  link = CS104_Connection_create(argv[2], atoi(argv[3]));
  if (!CS104_Connection_connect(link)) return 1;
  CS104_Connection_sendStartDT(link);
  Thread_sleep(100);
  CP56Time2a_createFromMsTimestamp(&now, Hal_getTimeInMs());
  for (size_t i = 0; i < sizeof kTalks / sizeof *kTalks; ++i) {
    if (strcmp(argv[1], kTalks[i].name) == 0) kTalks[i].talk();
  }
  Thread_sleep(100);
  CS104_Connection_destroy(link);
  return 0;
}
