// A Modbus/TCP server on libmodbus: modbus_server ADDRESS PORT. Unlike pymodbus it reads a frame that comes in pieces, and
// stays on the line after a bad one.
#include <errno.h>
#include <modbus.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char** argument) {
  if (count != 3) return 2;
  modbus_t* link = modbus_new_tcp(argument[1], atoi(argument[2]));
  modbus_mapping_t* map = modbus_mapping_new(200, 200, 200, 200);
  for (int i = 0; i < 200; i++) {
    map->tab_bits[i] = i % 2;
    map->tab_input_bits[i] = i % 3 == 0;
    map->tab_registers[i] = 1000 + i;
    map->tab_input_registers[i] = i * i;
  }
  int listener = modbus_tcp_listen(link, 4);
  for (;;) {
    if (modbus_tcp_accept(link, &listener) < 0) return 1;
    for (;;) {
      uint8_t request[MODBUS_TCP_MAX_ADU_LENGTH];
      int size = modbus_receive(link, request);
      if (size > 0) {
        modbus_reply(link, request, size, map);
      } else if (size < 0 && (errno == ECONNRESET || errno == EPIPE || errno == EBADF)) {
        break;
      } else if (size < 0) {
        modbus_flush(link);
      }
    }
    modbus_close(link);
  }
}
