// parsers/smb/smb_test_data.h — messages for tests, put together after the documents: [MS-CIFS], [MS-SMB2],
// [MS-NLMP], [MS-RPCE]
#pragma once
#include <initializer_list>
#include <string>
#include <vector>

#include "parsers/smb/smb.h"
#include "tests/support/parser_harness.h"

namespace picket::smb::wire {

using picket::testing::from_hex;

/// Little-endian, `size` bytes.
inline std::string le(std::uint64_t v, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out.push_back(i < 8 ? static_cast<char>(v >> (8 * i)) : char{0});
  return out;
}
inline std::string u16(std::string_view ascii) {
  std::string out;
  for (const char c : ascii) out += {c, '\0'};
  return out;
}
/// A record of a NetBIOS session.
inline std::string nbss(const std::string& message) {
  const std::size_t n = message.size();
  return std::string{'\0', static_cast<char>(n >> 16), static_cast<char>(n >> 8), static_cast<char>(n)} +
         message;
}

// SMB 2.

inline const FileId kFile = {0x45, 0xffffffff00000001};
inline const FileId kRelated = {~std::uint64_t{0}, ~std::uint64_t{0}};
inline std::string id(FileId f) { return le(f.persistent, 8) + le(f.open, 8); }

inline std::string smb2(std::uint64_t message, std::uint16_t command, std::uint32_t status,
                        std::uint32_t flags, const std::string& body) {
  return from_hex("fe534d42 4000 0000") + le(status, 4) + le(command, 2) + le(1, 2) + le(flags, 4) +
         le(0, 4) + le(message, 8) + le(0, 4) + le(5, 4) + le(0x99, 8) + std::string(16, 0) + body;
}
inline std::string request2(std::uint64_t message, std::uint16_t command, const std::string& body) {
  return smb2(message, command, 0, 0, body);
}
inline std::string reply2(std::uint64_t message, std::uint16_t command, std::uint32_t status,
                          const std::string& body) {
  return smb2(message, command, status, 1, body);
}
inline std::string with_flags(std::string message, std::uint8_t more) {
  message[16] = static_cast<char>(message[16] | more);
  return message;
}
inline std::string async(const std::string& m) { return with_flags(m, 2); }
inline std::string related(const std::string& m) { return with_flags(m, 4); }
/// NextCommand is put right; each message but the last is filled up to eight bytes.
inline std::string chain(const std::vector<std::string>& messages) {
  std::string out;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    std::string m = messages[i];
    if (i + 1 < messages.size()) {
      m.resize((m.size() + 7) / 8 * 8);
      m.replace(20, 4, le(m.size(), 4));
    }
    out += m;
  }
  return out;
}

inline std::string negotiate2(std::uint64_t m, std::initializer_list<std::uint16_t> dialects) {
  std::string list;
  for (const std::uint16_t d : dialects) list += le(d, 2);
  return request2(m, 0,
                  le(36, 2) + le(dialects.size(), 2) + le(1, 2) + le(0, 2) + le(0, 4) + std::string(16, 3) +
                      std::string(8, 0) + list);
}
inline std::string negotiate_reply2(std::uint64_t m, std::uint16_t dialect) {
  return reply2(m, 0, 0,
                le(65, 2) + le(1, 2) + le(dialect, 2) + le(0, 2) + std::string(16, 4) + le(0, 4) +
                    le(8 << 20, 4) + le(8 << 20, 4) + le(8 << 20, 4) + std::string(16, 0) + le(128, 2) +
                    le(0, 2) + le(0, 4));
}
inline std::string session2(std::uint64_t m, const std::string& token) {
  return request2(m, 1,
                  le(25, 2) + le(0, 1) + le(1, 1) + le(0, 4) + le(0, 4) + le(88, 2) + le(token.size(), 2) +
                      le(0, 8) + token);
}
inline std::string tree2(std::uint64_t m, const std::string& path) {
  return request2(m, 3, le(9, 2) + le(0, 2) + le(72, 2) + le(path.size(), 2) + path);
}
inline std::string tree_reply2(std::uint64_t m, std::uint8_t type) {
  return reply2(m, 3, 0, le(16, 2) + le(type, 1) + le(0, 1) + le(0, 4) + le(0, 4) + le(0x1f01ff, 4));
}
inline std::string create2(std::uint64_t m, const std::string& name) {
  return request2(m, 5,
                  le(57, 2) + le(0, 1) + le(0, 1) + le(2, 4) + le(0, 8) + le(0, 8) + le(0x120089, 4) +
                      le(0x80, 4) + le(7, 4) + le(1, 4) + le(0, 4) + le(120, 2) + le(name.size(), 2) +
                      le(0, 4) + le(0, 4) + name);
}
inline std::string create_reply2(std::uint64_t m, FileId f, std::uint64_t size) {
  return reply2(m, 5, 0,
                le(89, 2) + le(0, 1) + le(0, 1) + le(1, 4) + std::string(32, 0) + le(size, 8) + le(size, 8) +
                    le(0x80, 4) + le(0, 4) + id(f) + le(0, 4) + le(0, 4));
}
inline std::string close2(std::uint64_t m, FileId f) {
  return request2(m, 6, le(24, 2) + le(0, 2) + le(0, 4) + id(f));
}
inline std::string read2(std::uint64_t m, FileId f, std::uint64_t offset, std::uint32_t length) {
  return request2(m, 8, le(49, 2) + le(0, 2) + le(length, 4) + le(offset, 8) + id(f) + le(0, 16) + le(0, 1));
}
inline std::string read_reply2(std::uint64_t m, const std::string& data) {
  return reply2(m, 8, 0, le(17, 2) + le(80, 1) + le(0, 1) + le(data.size(), 4) + le(0, 4) + le(0, 4) + data);
}
inline std::string write2(std::uint64_t m, FileId f, std::uint64_t offset, const std::string& data) {
  return request2(m, 9,
                  le(49, 2) + le(112, 2) + le(data.size(), 4) + le(offset, 8) + id(f) + le(0, 16) + data);
}
inline std::string ioctl2(std::uint64_t m, std::uint32_t code, FileId f, const std::string& in) {
  return request2(m, 11,
                  le(57, 2) + le(0, 2) + le(code, 4) + id(f) + le(120, 4) + le(in.size(), 4) + le(0, 4) +
                      le(0, 4) + le(0, 4) + le(1024, 4) + le(1, 4) + le(0, 4) + in);
}
inline std::string ioctl_reply2(std::uint64_t m, std::uint32_t code, FileId f, const std::string& out) {
  return reply2(m, 11, 0,
                le(49, 2) + le(0, 2) + le(code, 4) + id(f) + le(112, 4) + le(0, 4) + le(112, 4) +
                    le(out.size(), 4) + le(0, 4) + le(0, 4) + out);
}
inline std::string find2(std::uint64_t m, FileId f, const std::string& pattern) {
  return request2(m, 14,
                  le(33, 2) + le(37, 1) + le(0, 1) + le(0, 4) + id(f) + le(96, 2) + le(pattern.size(), 2) +
                      le(65536, 4) + pattern);
}
inline std::string set_info2(std::uint64_t m, FileId f, std::uint8_t kind, const std::string& buffer) {
  return request2(m, 17,
                  le(33, 2) + le(1, 1) + le(kind, 1) + le(buffer.size(), 4) + le(96, 2) + le(0, 2) +
                      le(0, 4) + id(f) + buffer);
}
inline std::string rename2(std::uint64_t m, FileId f, const std::string& name) {
  return set_info2(m, f, 10, le(0, 8) + le(0, 8) + le(name.size(), 4) + name);
}
inline std::string delete2(std::uint64_t m, FileId f) { return set_info2(m, f, 13, le(1, 1)); }

// Tokens.

/// NTLMSSP's last message, names in one byte a letter.
inline std::string ntlmssp3(const std::string& domain, const std::string& user, const std::string& host) {
  std::string head("NTLMSSP\0\3\0\0\0", 12), names;
  const auto piece = [&](const std::string& s) {
    head += le(s.size(), 2) + le(s.size(), 2) + le(72 + names.size(), 4);
    names += s;
  };
  piece("");
  piece("");
  piece(domain);
  piece(user);
  piece(host);
  piece("");
  return head + le(0x02000000, 4) + from_hex("06 01 b11d 000000 0f") + names;
}
inline std::string der(std::uint8_t tag, const std::string& value) {
  std::string out(1, static_cast<char>(tag));
  if (value.size() >= 128) out += {'\x82', static_cast<char>(value.size() >> 8)};
  return out + static_cast<char>(value.size()) + value;
}
inline std::string kerberos(const std::string& realm, const std::string& service, const std::string& host) {
  const std::string name =
      der(0x30, der(0xa0, der(2, "\1")) + der(0xa1, der(0x30, der(0x1b, service) + der(0x1b, host))));
  const std::string ticket = der(0x61, der(0x30, der(0xa0, der(2, "\5")) + der(0xa1, der(0x1b, realm)) +
                                                     der(0xa2, name) + der(0xa3, "x")));
  const std::string request =
      der(0x6e, der(0x30, der(0xa0, der(2, "\5")) + der(0xa1, der(2, "\x0e")) + der(0xa3, ticket)));
  return std::string("junk") + from_hex("06092a864886f71201020201 00") + request;
}

// SMB 1.

inline std::string block1(const std::string& words, const std::string& bytes) {
  return le(words.size() / 2, 1) + words + le(bytes.size(), 2) + bytes;
}
inline std::string smb1(std::uint8_t command, std::uint16_t mid, bool reply, const std::string& words,
                        const std::string& bytes, std::uint32_t status = 0, std::uint16_t flags2 = 0x4001) {
  return from_hex("ff534d42") + le(command, 1) + le(status, 4) + le(reply ? 0x98 : 0x18, 1) + le(flags2, 2) +
         std::string(12, 0) + le(7, 2) + le(100, 2) + le(2048, 2) + le(mid, 2) + block1(words, bytes);
}
inline std::string andx(std::uint8_t command = 0xff, std::size_t offset = 0) {
  return le(command, 1) + le(0, 1) + le(offset, 2);
}
inline std::string nt_create1(std::uint16_t mid, const std::string& name) {
  return smb1(0xa2, mid, false,
              andx() + le(0, 1) + le(name.size(), 2) + le(0, 4) + le(0, 4) + le(0x20089, 4) + le(0, 8) +
                  le(0, 4) + le(7, 4) + le(1, 4) + le(0, 4) + le(2, 4) + le(0, 1),
              name + '\0');
}
inline std::string nt_create_reply1(std::uint16_t mid, std::uint16_t file, std::uint64_t size) {
  return smb1(0xa2, mid, true,
              andx() + le(0, 1) + le(file, 2) + le(1, 4) + std::string(32, 0) + le(0x80, 4) + le(size, 8) +
                  le(size, 8) + le(0, 2) + le(0, 2) + le(0, 1),
              "");
}
inline std::string write_andx1(std::uint16_t mid, std::uint16_t file, std::uint32_t offset,
                               const std::string& data, std::size_t padding = 0) {
  const std::size_t at = 32 + 1 + 28 + 2 + padding;
  return smb1(0x2f, mid, false,
              andx() + le(file, 2) + le(offset, 4) + le(0, 4) + le(0, 2) + le(0, 2) + le(0, 2) +
                  le(data.size(), 2) + le(at, 2) + le(0, 4),
              std::string(padding, 'p') + data);
}
inline std::string read_andx_reply1(std::uint16_t mid, const std::string& data) {
  return smb1(0x2e, mid, true,
              andx() + le(0, 2) + le(0, 2) + le(0, 2) + le(data.size(), 2) + le(59, 2) + std::string(10, 0),
              data);
}
inline std::string trans1(std::uint16_t mid, std::uint16_t file, const std::string& data) {
  const std::string name("\\PIPE\\\0", 7);
  const std::size_t at = 32 + 1 + 32 + 2 + name.size();
  return smb1(0x25, mid, false,
              le(0, 2) + le(data.size(), 2) + le(0, 2) + le(1024, 2) + le(0, 2) + le(0, 2) + le(0, 4) +
                  le(0, 2) + le(0, 2) + le(at, 2) + le(data.size(), 2) + le(at, 2) + le(2, 2) + le(0x26, 2) +
                  le(file, 2),
              name + data);
}
inline std::string trans_reply1(std::uint16_t mid, const std::string& data) {
  return smb1(0x25, mid, true,
              le(0, 2) + le(data.size(), 2) + le(0, 2) + le(0, 2) + le(55, 2) + le(0, 2) +
                  le(data.size(), 2) + le(55, 2) + le(0, 2) + le(0, 2),
              data);
}

// DCE/RPC.

inline const std::string kSvcctl =
    from_hex("81bb7a36 4498 f135 ad32 98f038001003");  // 367abb81-9844-35f1-...

inline std::string rpc(std::uint8_t type, std::uint8_t flags, std::uint32_t call, const std::string& body,
                       std::size_t auth = 0) {
  return from_hex("0500") + le(type, 1) + le(flags, 1) + from_hex("10000000") + le(16 + body.size(), 2) +
         le(auth, 2) + le(call, 4) + body;
}
inline std::string rpc_bind(std::uint32_t call, std::uint16_t context, const std::string& uuid = kSvcctl,
                            std::uint8_t flags = 3) {
  return rpc(11, flags, call,
             le(4280, 2) + le(4280, 2) + le(0, 4) + le(1, 4) + le(context, 2) + le(1, 2) + uuid + le(2, 2) +
                 le(0, 2) + std::string(20, 9));
}
inline std::string rpc_bind_ack(std::uint32_t call, std::uint16_t result = 0) {
  return rpc(12, 3, call,
             le(4280, 2) + le(4280, 2) + le(7, 4) + le(5, 2) + std::string("pipe\0", 5) + le(0, 1) +
                 le(1, 4) + le(result, 2) + le(0, 2) + std::string(20, 9));
}
inline std::string rpc_request(std::uint32_t call, std::uint8_t flags, std::uint16_t opnum,
                               const std::string& stub, std::uint16_t context = 0) {
  return rpc(0, flags, call, le(stub.size(), 4) + le(context, 2) + le(opnum, 2) + stub);
}
inline std::string rpc_response(std::uint32_t call, const std::string& stub, std::uint8_t flags = 3) {
  return rpc(2, flags, call, le(stub.size(), 4) + le(0, 2) + le(0, 2) + stub);
}

}  // namespace picket::smb::wire
