#include "tests/fuzz/capture_talk.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include "dataplane/decode/decode.h"
#include "dataplane/io/pcap_file.h"

namespace picket::testing {
namespace {

/// One flow's payloads in the order of the capture. TCP: without what came again; a hole ends it.
struct FlowTalk {
  Address client;
  std::uint16_t client_port = 0;
  std::array<std::optional<std::uint32_t>, 2> next;
  Input input;
  bool ended = false;
};

void add_packet(const Packet& p, std::map<std::string, FlowTalk>& flows) {
  const bool tcp = p.proto == static_cast<std::uint8_t>(IpProto::kTcp);
  if (!p.is_link() && (!p.has_l4 || (!tcp && p.proto != static_cast<std::uint8_t>(IpProto::kUdp)))) return;
  const auto end = [](const Address& a, std::uint16_t port) {
    return std::string(reinterpret_cast<const char*>(a.bytes.data()), a.bytes.size()) + std::to_string(port);
  };
  const std::string from = end(p.src, p.src_port), to = end(p.dst, p.dst_port);
  FlowTalk& f = flows[std::to_string(p.proto) + std::min(from, to) + std::max(from, to)];
  if (f.client_port == 0) {  // who speaks first, or the side with the higher port where both are silent yet
    f.client = p.src;
    f.client_port = p.src_port;
    f.input.transport = tcp ? Transport::kTcp : p.is_link() ? Transport::kEthernet : Transport::kUdp;
  }
  const bool is_client = p.src == f.client && p.src_port == f.client_port;
  const Direction dir = is_client ? Direction::kToServer : Direction::kToClient;
  if (f.ended || f.input.talk.size() >= kMaxTurns) return;
  Bytes data = p.payload;
  if (tcp) {
    const std::uint8_t* h = p.l4_header.data();
    const std::uint32_t seq =
        std::uint32_t{h[4]} << 24 | std::uint32_t{h[5]} << 16 | std::uint32_t{h[6]} << 8 | h[7];
    auto& next = f.next[index(dir)];
    if ((h[13] & tcp_flag::kSyn) != 0) {
      next = seq + 1;
      return;
    }
    if (!next) next = seq;
    const auto again = static_cast<std::int32_t>(*next - seq);
    if (again < 0) {
      f.ended = !data.empty();
      return;
    }
    data = data.subspan(std::min<std::size_t>(data.size(), static_cast<std::size_t>(again)));
    *next += static_cast<std::uint32_t>(data.size());
  }
  if (data.empty()) return;
  f.input.talk.push_back(is_client ? to_server(as_text(data)) : to_client(as_text(data)));
}

void read_capture(const std::filesystem::path& path, const ProtocolSpec& spec, std::vector<Source>& out) {
  auto reader = CaptureReader::open(path.string());
  if (!reader) return;
  std::map<std::string, FlowTalk> flows;
  const Decoder decoder;
  CapturedPacket c;
  while (reader.value().next(c) == CaptureReader::Next::kPacket) {
    Packet p;
    p.data = c.data.data();
    p.size = static_cast<std::uint32_t>(c.data.size());
    p.wire_size = c.wire_size;
    p.link = c.link;
    decoder.decode(p);
    add_packet(p, flows);
  }
  unsigned n = 0;
  for (auto& [key, f] : flows) {
    const Transport t = f.input.transport;
    if ((spec.transports & static_cast<std::uint8_t>(t)) == 0) continue;
    const auto speaks = [&](Direction dir, std::string_view first) {
      return !first.empty() && spec.probe(t, dir, as_bytes(first)) == Probe::kYes;
    };
    std::array<std::string, 2> said;
    bool yes = false;
    for (const Turn& turn : f.input.talk) {
      if (t == Transport::kTcp) said[index(turn.dir)] += turn.bytes;
      yes = yes || (t != Transport::kTcp && speaks(turn.dir, turn.bytes));
    }
    yes = yes || speaks(Direction::kToServer, said[0]) || speaks(Direction::kToClient, said[1]);
    if (yes) out.push_back({path.string() + ", conversation " + std::to_string(n++), std::move(f.input)});
  }
}

}  // namespace

std::vector<Source> read_sources(const ProtocolSpec& spec, const std::vector<std::string>& paths) {
  std::vector<std::filesystem::path> files;
  for (const std::string& path : paths) {
    if (!std::filesystem::exists(path)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<Source> out;
  for (const auto& path : files) {
    const std::string name = path.filename().string();
    if (name.starts_with("input.")) {
      read_capture(path, spec, out);
    } else if (path.parent_path().filename() == "corpus" && name[0] != '.') {
      std::ifstream file(path, std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
      for (Input& in : inputs(spec, bytes)) out.push_back({path.string(), std::move(in)});
    }
  }
  // Gaps and ends would hide what comes behind them; a conversation without a packet to damage proves nothing.
  for (Source& s : out)
    std::erase_if(s.input.talk,
                  [](const Turn& t) { return t.kind != Turn::Kind::kBytes || t.bytes.empty(); });
  std::erase_if(out, [](const Source& s) { return s.input.talk.empty(); });
  return out;
}

}  // namespace picket::testing
