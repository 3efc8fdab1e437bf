#include "dataplane/io/pcap_file.h"

#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string_view>

#include "dataplane/io/byte_source.h"
#include "dataplane/io/lookahead.h"
#include "dataplane/io/pcapng_file.h"
#include "dataplane/io/savefile.h"

namespace picket {
namespace {

namespace fs = std::filesystem;

static_assert(CaptureReader::kMaxPacket == SavefileReader::kMaxPacket);

/// libpcap's numbers and those in files are the same, but for raw IP.
LinkType link_type(int number) noexcept {
  constexpr int kRawInFiles = 101;
  switch (number) {
    case DLT_EN10MB:
      return LinkType::kEthernet;
    case DLT_RAW:
    case kRawInFiles:
      return LinkType::kRawIp;
    case DLT_IPV4:
      return LinkType::kRawIpv4;
    case DLT_IPV6:
      return LinkType::kRawIpv6;
    case DLT_NULL:
      return LinkType::kNull;
    case DLT_LOOP:
      return LinkType::kLoop;
    case DLT_LINUX_SLL:
      return LinkType::kLinuxSll;
    case DLT_LINUX_SLL2:
      return LinkType::kLinuxSll2;
    case DLT_PPP:
    case DLT_PPP_SERIAL:
      return LinkType::kPpp;
    case DLT_C_HDLC:
      return LinkType::kCiscoHdlc;
    default:
      return LinkType::kUnknown;
  }
}

/// Files hold any number; the sensor's clock is unsigned and must neither wrap nor step a second for the
/// nanoseconds.
std::uint64_t to_ns(const timeval& t) noexcept {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  constexpr std::uint64_t kLastSecond = std::numeric_limits<std::uint64_t>::max() / kSecond - 1;
  if (t.tv_sec < 0) return 0;
  const auto sec = std::min(static_cast<std::uint64_t>(t.tv_sec), kLastSecond);
  const auto ns = static_cast<std::uint64_t>(std::clamp<std::int64_t>(t.tv_usec, 0, kSecond - 1));
  return sec * kSecond + ns;
}

bool has_capture_name(std::string_view name) noexcept {
  for (const std::string_view wrap : {".gz", ".zst"}) {
    if (name.ends_with(wrap)) name.remove_suffix(wrap.size());
  }
  constexpr std::array kEndings = {".pcap", ".pcapng", ".cap", ".ntar", ".pcapn"};
  return std::any_of(kEndings.begin(), kEndings.end(), [&](const char* e) { return name.ends_with(e); });
}

bool has_capture_magic(const fs::path& path) {
  std::array<unsigned char, 4> b{};
  std::ifstream in(path, std::ios::binary);
  if (!in.read(reinterpret_cast<char*>(b.data()), b.size())) return false;
  using Magic = std::array<unsigned char, 4>;
  constexpr std::array kMagics = {
      Magic{0xa1, 0xb2, 0xc3, 0xd4}, Magic{0xd4, 0xc3, 0xb2, 0xa1},  // pcap, microseconds
      Magic{0xa1, 0xb2, 0x3c, 0x4d}, Magic{0x4d, 0x3c, 0xb2, 0xa1},  // pcap, nanoseconds
      Magic{0x0a, 0x0d, 0x0d, 0x0a},                                 // pcapng section header
  };
  return std::find(kMagics.begin(), kMagics.end(), b) != kMagics.end();
}

Status add_folder(const fs::path& folder, CaptureList& list) {
  std::error_code ec;
  std::vector<fs::path> found;
  for (fs::recursive_directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) {
    std::error_code about;
    if (it->is_regular_file(about)) found.push_back(it->path());
  }
  if (ec) return Error{folder.string() + ": cannot be walked: " + ec.message()};
  std::sort(found.begin(), found.end());  // by path components, so a subfolder stands where its name does
  bool any = false;
  for (const auto& p : found) {
    const bool capture = has_capture_name(p.filename().string()) || has_capture_magic(p);
    (capture ? list.files : list.passed).push_back(p.string());
    any |= capture;
  }
  if (!any)
    return Error{folder.string() + ": holds no capture file (.pcap, .pcapng, .cap, each also .gz or .zst)"};
  return Done{};
}

}  // namespace

void CaptureReader::ClosePcap::operator()(pcap* p) const noexcept { pcap_close(p); }

CaptureReader::CaptureReader() noexcept = default;
CaptureReader::~CaptureReader() = default;
CaptureReader::CaptureReader(CaptureReader&&) noexcept = default;
CaptureReader& CaptureReader::operator=(CaptureReader&& o) noexcept {
  pcap_ = std::move(o.pcap_);  // first: closing it touches what it reads from
  pcapng_ = std::move(o.pcapng_);
  savefile_ = std::move(o.savefile_);
  bytes_ = std::move(o.bytes_);
  source_ = std::move(o.source_);
  path_ = std::move(o.path_);
  error_ = std::move(o.error_);
  link_ = o.link_;
  packets_ = o.packets_;
  last_time_ns_ = o.last_time_ns_;
  return *this;
}

Result<CaptureReader> CaptureReader::open(const std::string& path) {
  auto source = ByteSource::open(path);
  if (!source) return source.error();
  CaptureReader reader;
  reader.path_ = path;
  reader.source_ = std::move(source).value();

  reader.bytes_ = std::make_unique<Lookahead>(*reader.source_);
  const Bytes header = reader.bytes_->peek(SavefileReader::kHeader);
  const std::string& unwrap = reader.source_->error();
  if (header.empty()) return Error{path + ": " + (unwrap.empty() ? "the file is empty" : unwrap)};
  if (header[0] == (PcapngReader::kMagic & 0xff)) {  // no magic of pcap begins so
    reader.pcapng_ = std::make_unique<PcapngReader>(*reader.bytes_);
    return reader;
  }
  if (SavefileReader::reads(header)) {
    reader.savefile_ = std::make_unique<SavefileReader>(*reader.bytes_);
    reader.link_ = link_type(static_cast<int>(reader.savefile_->link_type()));
    if (reader.link_ == LinkType::kUnknown) reader.savefile_->allow_foreign();
    return reader;
  }
  std::FILE* file = reader.bytes_->stdio();
  if (file == nullptr) return Error{path + ": no memory"};
  char why[PCAP_ERRBUF_SIZE] = "";
  reader.pcap_.reset(pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why));
  if (reader.pcap_ == nullptr) {
    std::fclose(file);
    return Error{path + ": not a capture file that can be read: " + (unwrap.empty() ? why : unwrap.c_str())};
  }
  reader.link_ = link_type(pcap_datalink(reader.pcap_.get()));
  return reader;
}

CaptureReader::Next CaptureReader::next(CapturedPacket& out) noexcept {
  if (savefile_ != nullptr) [[likely]]
    return next_savefile(out);
  return pcapng_ != nullptr ? next_pcapng(out) : next_libpcap(out);
}

/// A source that failed may look like one that has ended.
CaptureReader::Next CaptureReader::ended(bool is_end, const std::string& why) noexcept {
  const std::string& unwrap = source_->error();
  if (is_end && unwrap.empty()) return Next::kEnd;
  error_ = path_ + ": packet " + std::to_string(packets_ + 1) + ": " + (unwrap.empty() ? why : unwrap);
  return Next::kError;
}

CaptureReader::Next CaptureReader::next_savefile(CapturedPacket& out) noexcept {
  if (!error_.empty()) return Next::kError;
  SavefileReader::Packet p;
  const SavefileReader::Next next = savefile_->next(p);
  if (next != SavefileReader::Next::kPacket)
    return ended(next == SavefileReader::Next::kEnd, savefile_->error());
  ++packets_;
  out.data = p.data;
  out.link = link_;
  out.wire_size = std::max(p.wire_size, static_cast<std::uint32_t>(p.data.size()));
  out.time_ns = p.time_ns;
  return Next::kPacket;
}

CaptureReader::Next CaptureReader::next_pcapng(CapturedPacket& out) noexcept {
  if (!error_.empty()) return Next::kError;
  PcapngReader::Packet p;
  const PcapngReader::Next next = pcapng_->next(p);
  if (next != PcapngReader::Next::kPacket) return ended(next == PcapngReader::Next::kEnd, pcapng_->error());
  ++packets_;
  out.data = p.data.first(std::min(p.data.size(), kMaxPacket));
  out.link = link_type(p.link_type);
  out.wire_size = std::max(p.wire_size, static_cast<std::uint32_t>(p.data.size()));
  if (p.time_ns != 0) last_time_ns_ = p.time_ns;  // a simple packet block has none: it follows the one before
  out.time_ns = last_time_ns_;
  return Next::kPacket;
}

CaptureReader::Next CaptureReader::next_libpcap(CapturedPacket& out) noexcept {
  if (!error_.empty()) return Next::kError;
  pcap_pkthdr* header = nullptr;
  const unsigned char* data = nullptr;
  const int rc = pcap_next_ex(pcap_.get(), &header, &data);
  if (rc != 1) return ended(rc == PCAP_ERROR_BREAK, pcap_geterr(pcap_.get()));
  ++packets_;
  out.data = {data, std::min<std::size_t>(header->caplen, kMaxPacket)};
  out.link = link_;
  out.wire_size = std::max(header->len, header->caplen);
  out.time_ns = to_ns(header->ts);
  return Next::kPacket;
}

std::uint64_t CaptureReader::consumed_bytes() const noexcept { return source_->consumed_bytes(); }
std::uint64_t CaptureReader::file_bytes() const noexcept { return source_->file_bytes(); }

Result<CaptureList> list_captures(const std::vector<std::string>& paths) {
  CaptureList list;
  for (const auto& path : paths) {
    std::error_code ec;
    const auto status = fs::status(path, ec);
    if (path == "-") {
      list.files.push_back(path);
    } else if (!fs::exists(status)) {
      return Error{path + ": no such file or folder"};
    } else if (fs::is_directory(status)) {
      if (auto done = add_folder(path, list); !done) return done.error();
    } else {
      list.files.push_back(path);
    }
    list.from_folder.resize(list.files.size(), path != "-" && fs::is_directory(status));
  }
  for (const auto& file : list.files) {
    std::error_code ec;
    const auto size = fs::file_size(file, ec);
    if (!ec) list.bytes += size;
  }
  return list;
}

}  // namespace picket
