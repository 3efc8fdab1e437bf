// parsers/smb/names.cc — numbers and what they are called ([MS-CIFS] 2.2.2, [MS-SMB2] 2.2, [MS-ERREF],
// [MS-FSCC])
#include <algorithm>

#include "parsers/smb/smb.h"

namespace picket::smb {
namespace {

struct Name {
  std::uint32_t value;
  std::string_view text;
};

template <std::size_t kCount>
std::string_view find(const Name (&table)[kCount], std::uint32_t value) noexcept {
  const Name* at = std::lower_bound(table, table + kCount, value,
                                    [](const Name& n, std::uint32_t v) { return n.value < v; });
  return at != table + kCount && at->value == value ? at->text : std::string_view();
}

template <std::size_t kCount>
constexpr bool sorted(const Name (&table)[kCount]) noexcept {
  return std::is_sorted(table, table + kCount,
                        [](const Name& a, const Name& b) { return a.value < b.value; });
}

constexpr Name kSmb1[] = {
    {0x00, "SMB1_COMMAND_CREATE_DIRECTORY"},
    {0x01, "SMB1_COMMAND_DELETE_DIRECTORY"},
    {0x02, "SMB1_COMMAND_OPEN"},
    {0x03, "SMB1_COMMAND_CREATE"},
    {0x04, "SMB1_COMMAND_CLOSE"},
    {0x05, "SMB1_COMMAND_FLUSH"},
    {0x06, "SMB1_COMMAND_DELETE"},
    {0x07, "SMB1_COMMAND_RENAME"},
    {0x08, "SMB1_COMMAND_QUERY_INFORMATION"},
    {0x09, "SMB1_COMMAND_SET_INFORMATION"},
    {0x0a, "SMB1_COMMAND_READ"},
    {0x0b, "SMB1_COMMAND_WRITE"},
    {0x0c, "SMB1_COMMAND_LOCK_BYTE_RANGE"},
    {0x0d, "SMB1_COMMAND_UNLOCK_BYTE_RANGE"},
    {0x0e, "SMB1_COMMAND_CREATE_TEMPORARY"},
    {0x0f, "SMB1_COMMAND_CREATE_NEW"},
    {0x10, "SMB1_COMMAND_CHECK_DIRECTORY"},
    {0x11, "SMB1_COMMAND_PROCESS_EXIT"},
    {0x12, "SMB1_COMMAND_SEEK"},
    {0x13, "SMB1_COMMAND_LOCK_AND_READ"},
    {0x14, "SMB1_COMMAND_WRITE_AND_UNLOCK"},
    {0x1a, "SMB1_COMMAND_READ_RAW"},
    {0x1b, "SMB1_COMMAND_READ_MPX"},
    {0x1d, "SMB1_COMMAND_WRITE_RAW"},
    {0x1e, "SMB1_COMMAND_WRITE_MPX"},
    {0x20, "SMB1_COMMAND_WRITE_COMPLETE"},
    {0x22, "SMB1_COMMAND_SET_INFORMATION2"},
    {0x23, "SMB1_COMMAND_QUERY_INFORMATION2"},
    {0x24, "SMB1_COMMAND_LOCKING_ANDX"},
    {0x25, "SMB1_COMMAND_TRANS"},
    {0x26, "SMB1_COMMAND_TRANS_SECONDARY"},
    {0x27, "SMB1_COMMAND_IOCTL"},
    {0x29, "SMB1_COMMAND_COPY"},
    {0x2a, "SMB1_COMMAND_MOVE"},
    {0x2b, "SMB1_COMMAND_ECHO"},
    {0x2c, "SMB1_COMMAND_WRITE_AND_CLOSE"},
    {0x2d, "SMB1_COMMAND_OPEN_ANDX"},
    {0x2e, "SMB1_COMMAND_READ_ANDX"},
    {0x2f, "SMB1_COMMAND_WRITE_ANDX"},
    {0x32, "SMB1_COMMAND_TRANS2"},
    {0x33, "SMB1_COMMAND_TRANS2_SECONDARY"},
    {0x34, "SMB1_COMMAND_FIND_CLOSE2"},
    {0x70, "SMB1_COMMAND_TREE_CONNECT"},
    {0x71, "SMB1_COMMAND_TREE_DISCONNECT"},
    {0x72, "SMB1_COMMAND_NEGOTIATE_PROTOCOL"},
    {0x73, "SMB1_COMMAND_SESSION_SETUP_ANDX"},
    {0x74, "SMB1_COMMAND_LOGOFF_ANDX"},
    {0x75, "SMB1_COMMAND_TREE_CONNECT_ANDX"},
    {0x80, "SMB1_COMMAND_QUERY_INFO_DISK"},
    {0x81, "SMB1_COMMAND_SEARCH"},
    {0x82, "SMB1_COMMAND_FIND"},
    {0x83, "SMB1_COMMAND_FIND_UNIQUE"},
    {0x84, "SMB1_COMMAND_FIND_CLOSE"},
    {0xa0, "SMB1_COMMAND_NT_TRANS"},
    {0xa1, "SMB1_COMMAND_NT_TRANS_SECONDARY"},
    {0xa2, "SMB1_COMMAND_NT_CREATE_ANDX"},
    {0xa4, "SMB1_COMMAND_NT_CANCEL"},
    {0xa5, "SMB1_COMMAND_NT_RENAME"},
    {0xc0, "SMB1_COMMAND_OPEN_PRINT_FILE"},
    {0xc1, "SMB1_COMMAND_WRITE_PRINT_FILE"},
    {0xc2, "SMB1_COMMAND_CLOSE_PRINT_FILE"},
    {0xc3, "SMB1_COMMAND_GET_PRINT_QUEUE"},
};
static_assert(sorted(kSmb1));

constexpr std::string_view kSmb2[] = {
    "SMB2_COMMAND_NEGOTIATE_PROTOCOL",
    "SMB2_COMMAND_SESSION_SETUP",
    "SMB2_COMMAND_SESSION_LOGOFF",
    "SMB2_COMMAND_TREE_CONNECT",
    "SMB2_COMMAND_TREE_DISCONNECT",
    "SMB2_COMMAND_CREATE",
    "SMB2_COMMAND_CLOSE",
    "SMB2_COMMAND_FLUSH",
    "SMB2_COMMAND_READ",
    "SMB2_COMMAND_WRITE",
    "SMB2_COMMAND_LOCK",
    "SMB2_COMMAND_IOCTL",
    "SMB2_COMMAND_CANCEL",
    "SMB2_COMMAND_KEEPALIVE",
    "SMB2_COMMAND_FIND",
    "SMB2_COMMAND_CHANGE_NOTIFY",
    "SMB2_COMMAND_GET_INFO",
    "SMB2_COMMAND_SET_INFO",
    "SMB2_COMMAND_OPLOCK_BREAK",
};

constexpr Name kStatus[] = {
    {0x00000000, "STATUS_SUCCESS"},
    {0x00000102, "STATUS_TIMEOUT"},
    {0x00000103, "STATUS_PENDING"},
    {0x0000010b, "STATUS_NOTIFY_CLEANUP"},
    {0x0000010c, "STATUS_NOTIFY_ENUM_DIR"},
    {0x00000107, "STATUS_SOME_NOT_MAPPED"},
    {0x80000005, "STATUS_BUFFER_OVERFLOW"},
    {0x80000006, "STATUS_NO_MORE_FILES"},
    {0x8000000b, "STATUS_NO_INHERITANCE"},
    {0x8000001a, "STATUS_NO_MORE_ENTRIES"},
    {0x8000002d, "STATUS_STOPPED_ON_SYMLINK"},
    {0xc0000001, "STATUS_UNSUCCESSFUL"},
    {0xc0000002, "STATUS_NOT_IMPLEMENTED"},
    {0xc0000003, "STATUS_INVALID_INFO_CLASS"},
    {0xc0000004, "STATUS_INFO_LENGTH_MISMATCH"},
    {0xc0000005, "STATUS_ACCESS_VIOLATION"},
    {0xc0000008, "STATUS_INVALID_HANDLE"},
    {0xc000000d, "STATUS_INVALID_PARAMETER"},
    {0xc000000e, "STATUS_NO_SUCH_DEVICE"},
    {0xc000000f, "STATUS_NO_SUCH_FILE"},
    {0xc0000010, "STATUS_INVALID_DEVICE_REQUEST"},
    {0xc0000011, "STATUS_END_OF_FILE"},
    {0xc0000016, "STATUS_MORE_PROCESSING_REQUIRED"},
    {0xc0000017, "STATUS_NO_MEMORY"},
    {0xc0000022, "STATUS_ACCESS_DENIED"},
    {0xc0000023, "STATUS_BUFFER_TOO_SMALL"},
    {0xc0000024, "STATUS_OBJECT_TYPE_MISMATCH"},
    {0xc0000033, "STATUS_OBJECT_NAME_INVALID"},
    {0xc0000034, "STATUS_OBJECT_NAME_NOT_FOUND"},
    {0xc0000035, "STATUS_OBJECT_NAME_COLLISION"},
    {0xc0000037, "STATUS_PORT_DISCONNECTED"},
    {0xc0000039, "STATUS_OBJECT_PATH_INVALID"},
    {0xc000003a, "STATUS_OBJECT_PATH_NOT_FOUND"},
    {0xc000003b, "STATUS_OBJECT_PATH_SYNTAX_BAD"},
    {0xc000003e, "STATUS_DATA_ERROR"},
    {0xc0000041, "STATUS_PORT_CONNECTION_REFUSED"},
    {0xc0000043, "STATUS_SHARING_VIOLATION"},
    {0xc0000044, "STATUS_QUOTA_EXCEEDED"},
    {0xc000004f, "STATUS_EAS_NOT_SUPPORTED"},
    {0xc0000052, "STATUS_NO_EAS_ON_FILE"},
    {0xc0000054, "STATUS_FILE_LOCK_CONFLICT"},
    {0xc0000055, "STATUS_LOCK_NOT_GRANTED"},
    {0xc0000056, "STATUS_DELETE_PENDING"},
    {0xc000005e, "STATUS_NO_LOGON_SERVERS"},
    {0xc0000060, "STATUS_NO_SUCH_PRIVILEGE"},
    {0xc0000061, "STATUS_PRIVILEGE_NOT_HELD"},
    {0xc0000064, "STATUS_NO_SUCH_USER"},
    {0xc0000066, "STATUS_NO_SUCH_GROUP"},
    {0xc000006a, "STATUS_WRONG_PASSWORD"},
    {0xc000006c, "STATUS_PASSWORD_RESTRICTION"},
    {0xc000006d, "STATUS_LOGON_FAILURE"},
    {0xc000006e, "STATUS_ACCOUNT_RESTRICTION"},
    {0xc000006f, "STATUS_INVALID_LOGON_HOURS"},
    {0xc0000070, "STATUS_INVALID_WORKSTATION"},
    {0xc0000071, "STATUS_PASSWORD_EXPIRED"},
    {0xc0000072, "STATUS_ACCOUNT_DISABLED"},
    {0xc0000073, "STATUS_NONE_MAPPED"},
    {0xc000007e, "STATUS_RANGE_NOT_LOCKED"},
    {0xc000007f, "STATUS_DISK_FULL"},
    {0xc000009a, "STATUS_INSUFFICIENT_RESOURCES"},
    {0xc000009d, "STATUS_DEVICE_NOT_CONNECTED"},
    {0xc00000a2, "STATUS_MEDIA_WRITE_PROTECTED"},
    {0xc00000a3, "STATUS_DEVICE_NOT_READY"},
    {0xc00000ab, "STATUS_INSTANCE_NOT_AVAILABLE"},
    {0xc00000ac, "STATUS_PIPE_NOT_AVAILABLE"},
    {0xc00000ad, "STATUS_INVALID_PIPE_STATE"},
    {0xc00000ae, "STATUS_PIPE_BUSY"},
    {0xc00000b0, "STATUS_PIPE_DISCONNECTED"},
    {0xc00000b1, "STATUS_PIPE_CLOSING"},
    {0xc00000b3, "STATUS_PIPE_LISTENING"},
    {0xc00000b4, "STATUS_INVALID_READ_MODE"},
    {0xc00000b5, "STATUS_IO_TIMEOUT"},
    {0xc00000ba, "STATUS_FILE_IS_A_DIRECTORY"},
    {0xc00000bb, "STATUS_NOT_SUPPORTED"},
    {0xc00000be, "STATUS_BAD_NETWORK_PATH"},
    {0xc00000bf, "STATUS_NETWORK_BUSY"},
    {0xc00000c3, "STATUS_INVALID_NETWORK_RESPONSE"},
    {0xc00000c4, "STATUS_UNEXPECTED_NETWORK_ERROR"},
    {0xc00000c9, "STATUS_NETWORK_NAME_DELETED"},
    {0xc00000ca, "STATUS_NETWORK_ACCESS_DENIED"},
    {0xc00000cb, "STATUS_BAD_DEVICE_TYPE"},
    {0xc00000cc, "STATUS_BAD_NETWORK_NAME"},
    {0xc00000ce, "STATUS_TOO_MANY_SESSIONS"},
    {0xc00000d0, "STATUS_REQUEST_NOT_ACCEPTED"},
    {0xc00000d4, "STATUS_NOT_SAME_DEVICE"},
    {0xc00000d5, "STATUS_FILE_RENAMED"},
    {0xc00000dc, "STATUS_INVALID_SERVER_STATE"},
    {0xc00000e3, "STATUS_OPLOCK_NOT_GRANTED"},
    {0xc00000e4, "STATUS_INVALID_OPLOCK_PROTOCOL"},
    {0xc0000101, "STATUS_DIRECTORY_NOT_EMPTY"},
    {0xc0000103, "STATUS_NOT_A_DIRECTORY"},
    {0xc000010a, "STATUS_PROCESS_IS_TERMINATING"},
    {0xc000011f, "STATUS_TOO_MANY_OPENED_FILES"},
    {0xc0000120, "STATUS_CANCELLED"},
    {0xc0000121, "STATUS_CANNOT_DELETE"},
    {0xc0000123, "STATUS_FILE_DELETED"},
    {0xc0000128, "STATUS_FILE_CLOSED"},
    {0xc000014b, "STATUS_PIPE_BROKEN"},
    {0xc0000148, "STATUS_INVALID_LEVEL"},
    {0xc000015b, "STATUS_LOGON_TYPE_NOT_GRANTED"},
    {0xc0000184, "STATUS_INVALID_DEVICE_STATE"},
    {0xc000018a, "STATUS_NO_TRUST_LSA_SECRET"},
    {0xc000018b, "STATUS_NO_TRUST_SAM_ACCOUNT"},
    {0xc000018c, "STATUS_TRUSTED_DOMAIN_FAILURE"},
    {0xc000018d, "STATUS_TRUSTED_RELATIONSHIP_FAILURE"},
    {0xc0000190, "STATUS_TRUST_FAILURE"},
    {0xc0000192, "STATUS_NETLOGON_NOT_STARTED"},
    {0xc0000193, "STATUS_ACCOUNT_EXPIRED"},
    {0xc0000195, "STATUS_NETWORK_CREDENTIAL_CONFLICT"},
    {0xc0000199, "STATUS_NOLOGON_WORKSTATION_TRUST_ACCOUNT"},
    {0xc0000203, "STATUS_USER_SESSION_DELETED"},
    {0xc0000205, "STATUS_INSUFF_SERVER_RESOURCES"},
    {0xc000020c, "STATUS_CONNECTION_DISCONNECTED"},
    {0xc000020d, "STATUS_CONNECTION_RESET"},
    {0xc0000224, "STATUS_PASSWORD_MUST_CHANGE"},
    {0xc0000225, "STATUS_NOT_FOUND"},
    {0xc0000233, "STATUS_DOMAIN_CONTROLLER_NOT_FOUND"},
    {0xc0000234, "STATUS_ACCOUNT_LOCKED_OUT"},
    {0xc0000257, "STATUS_PATH_NOT_COVERED"},
    {0xc000026e, "STATUS_VOLUME_DISMOUNTED"},
    {0xc0000275, "STATUS_NOT_A_REPARSE_POINT"},
    {0xc000035c, "STATUS_NETWORK_SESSION_EXPIRED"},
    {0xc0000466, "STATUS_SERVER_UNAVAILABLE"},
    {0xc0000467, "STATUS_FILE_NOT_AVAILABLE"},
    {0xc000a000, "STATUS_INVALID_SIGNATURE"},
    {0xc000a002, "STATUS_HMAC_NOT_SUPPORTED"},
};

// SMB 1 with the error classes of DOS ([MS-CIFS] 2.2.2.4).
constexpr Name kDosErrors[] = {
    {1, "DOS_INVALID_FUNCTION"},    {2, "DOS_FILE_NOT_FOUND"},     {3, "DOS_PATH_NOT_FOUND"},
    {4, "DOS_TOO_MANY_OPEN_FILES"}, {5, "DOS_ACCESS_DENIED"},      {6, "DOS_INVALID_HANDLE"},
    {8, "DOS_NOT_ENOUGH_MEMORY"},   {12, "DOS_BAD_ACCESS"},        {15, "DOS_INVALID_DRIVE"},
    {16, "DOS_CURRENT_DIRECTORY"},  {17, "DOS_NOT_SAME_DEVICE"},   {18, "DOS_NO_MORE_FILES"},
    {31, "DOS_GENERAL_FAILURE"},    {32, "DOS_SHARING_VIOLATION"}, {33, "DOS_LOCK_VIOLATION"},
    {50, "DOS_UNSUPPORTED"},        {67, "DOS_NO_SUCH_SHARE"},     {80, "DOS_FILE_EXISTS"},
    {87, "DOS_INVALID_PARAMETER"},  {124, "DOS_INVALID_LEVEL"},    {230, "DOS_BAD_PIPE"},
    {231, "DOS_PIPE_BUSY"},         {232, "DOS_PIPE_CLOSING"},     {233, "DOS_NOT_CONNECTED"},
    {234, "DOS_MORE_DATA"},
};
static_assert(sorted(kDosErrors));
constexpr Name kServerErrors[] = {
    {1, "SRV_ERROR"},         {2, "SRV_BADPW"},      {4, "SRV_ACCESS"},   {5, "SRV_INVNID"},
    {6, "SRV_INVNETNAME"},    {7, "SRV_INVDEVICE"},  {22, "SRV_SMBCMD"},  {49, "SRV_QFULL"},
    {64, "SRV_SRVERROR"},     {67, "SRV_FILESPECS"}, {87, "SRV_TIMEOUT"}, {88, "SRV_NORESOURCE"},
    {90, "SRV_TOOMANYUIDS"},  {91, "SRV_BADUID"},    {250, "SRV_USEMPX"}, {251, "SRV_USESTD"},
    {65535, "SRV_NOSUPPORT"},
};
static_assert(sorted(kServerErrors));

constexpr std::string_view kDispositions[] = {"FILE_SUPERSEDE", "FILE_OPEN",      "FILE_CREATE",
                                              "FILE_OPEN_IF",   "FILE_OVERWRITE", "FILE_OVERWRITE_IF"};
constexpr std::string_view kActions[] = {"FILE_SUPERSEDED", "FILE_OPENED", "FILE_CREATED",
                                         "FILE_OVERWRITTEN"};

constexpr Name kControls[] = {
    {0x00060194, "FSCTL_DFS_GET_REFERRALS"},
    {0x000601b0, "FSCTL_DFS_GET_REFERRALS_EX"},
    {0x00090000, "FSCTL_REQUEST_OPLOCK_LEVEL_1"},
    {0x0009009c, "FSCTL_GET_OBJECT_ID"},
    {0x000900a4, "FSCTL_SET_REPARSE_POINT"},
    {0x000900a8, "FSCTL_GET_REPARSE_POINT"},
    {0x000900ac, "FSCTL_DELETE_REPARSE_POINT"},
    {0x000900c0, "FSCTL_CREATE_OR_GET_OBJECT_ID"},
    {0x000900c4, "FSCTL_SET_SPARSE"},
    {0x000900bb, "FSCTL_READ_FILE_USN_DATA"},
    {0x000940cf, "FSCTL_QUERY_ALLOCATED_RANGES"},
    {0x000980c8, "FSCTL_SET_ZERO_DATA"},
    {0x00098208, "FSCTL_FILE_LEVEL_TRIM"},
    {0x00098344, "FSCTL_DUPLICATE_EXTENTS_TO_FILE"},
    {0x0009c040, "FSCTL_SET_COMPRESSION"},
    {0x00110018, "FSCTL_PIPE_WAIT"},
    {0x0011400c, "FSCTL_PIPE_PEEK"},
    {0x0011c017, "FSCTL_PIPE_TRANSCEIVE"},
    {0x00140078, "FSCTL_SRV_REQUEST_RESUME_KEY"},
    {0x00140204, "FSCTL_VALIDATE_NEGOTIATE_INFO"},
    {0x001401d4, "FSCTL_LMR_REQUEST_RESILIENCY"},
    {0x001401fc, "FSCTL_QUERY_NETWORK_INTERFACE_INFO"},
    {0x00144064, "FSCTL_SRV_ENUMERATE_SNAPSHOTS"},
    {0x001440f2, "FSCTL_SRV_COPYCHUNK"},
    {0x001441bb, "FSCTL_SRV_READ_HASH"},
    {0x001480f2, "FSCTL_SRV_COPYCHUNK_WRITE"},
};

constexpr std::string_view kTrans2[] = {
    "TRANS2_OPEN2",
    "TRANS2_FIND_FIRST2",
    "TRANS2_FIND_NEXT2",
    "TRANS2_QUERY_FS_INFORMATION",
    "TRANS2_SET_FS_INFORMATION",
    "TRANS2_QUERY_PATH_INFORMATION",
    "TRANS2_SET_PATH_INFORMATION",
    "TRANS2_QUERY_FILE_INFORMATION",
    "TRANS2_SET_FILE_INFORMATION",
    "TRANS2_FSCTL",
    "TRANS2_IOCTL2",
    "TRANS2_FIND_NOTIFY_FIRST",
    "TRANS2_FIND_NOTIFY_NEXT",
    "TRANS2_CREATE_DIRECTORY",
    "TRANS2_SESSION_SETUP",
    "",
    "TRANS2_GET_DFS_REFERRAL",
    "TRANS2_REPORT_DFS_INCONSISTENCY",
};
constexpr Name kPipeTrans[] = {
    {0x01, "TRANS_SET_NMPIPE_STATE"},  {0x11, "TRANS_RAW_READ_NMPIPE"}, {0x21, "TRANS_QUERY_NMPIPE_STATE"},
    {0x22, "TRANS_QUERY_NMPIPE_INFO"}, {0x23, "TRANS_PEEK_NMPIPE"},     {0x26, "TRANS_TRANSACT_NMPIPE"},
    {0x31, "TRANS_RAW_WRITE_NMPIPE"},  {0x36, "TRANS_READ_NMPIPE"},     {0x37, "TRANS_WRITE_NMPIPE"},
    {0x53, "TRANS_WAIT_NMPIPE"},       {0x54, "TRANS_CALL_NMPIPE"},
};
constexpr std::string_view kNtTrans[] = {
    "",
    "NT_TRANSACT_CREATE",
    "NT_TRANSACT_IOCTL",
    "NT_TRANSACT_SET_SECURITY_DESC",
    "NT_TRANSACT_NOTIFY_CHANGE",
    "NT_TRANSACT_RENAME",
    "NT_TRANSACT_QUERY_SECURITY_DESC",
    "NT_TRANSACT_QUERY_QUOTA",
    "NT_TRANSACT_SET_QUOTA",
};

constexpr std::string_view kAlgorithms[] = {"NONE", "LZNT1", "LZ77", "LZ77+HUFFMAN", "PATTERN_V1", "LZ4"};

template <std::size_t kCount>
std::string_view nth(const std::string_view (&table)[kCount], std::size_t i) noexcept {
  return i < kCount ? table[i] : std::string_view();
}

/// For tables that are looked at once a record, and read better in the order of their subjects.
template <std::size_t kCount>
std::string_view search(const Name (&table)[kCount], std::uint32_t value) noexcept {
  for (const Name& n : table) {
    if (n.value == value) return n.text;
  }
  return {};
}

}  // namespace

std::string_view command_name(std::uint8_t version, std::uint16_t command) noexcept {
  return version == 1 ? find(kSmb1, command) : nth(kSmb2, command);
}
std::string_view status_name(std::uint32_t status) noexcept { return search(kStatus, status); }
std::string_view dos_status_name(std::uint8_t error_class, std::uint16_t code) noexcept {
  if (error_class == 1) return find(kDosErrors, code);
  if (error_class == 2) return find(kServerErrors, code);
  return {};
}
std::string_view disposition_name(std::uint32_t v) noexcept { return nth(kDispositions, v); }
std::string_view action_name(std::uint32_t v) noexcept { return nth(kActions, v); }
std::string_view control_name(std::uint32_t code) noexcept { return search(kControls, code); }
std::string_view trans2_name(std::uint16_t v) noexcept { return nth(kTrans2, v); }
std::string_view pipe_trans_name(std::uint16_t v) noexcept { return search(kPipeTrans, v); }
std::string_view nt_trans_name(std::uint16_t v) noexcept { return nth(kNtTrans, v); }
std::string_view algorithm_name(std::uint32_t v) noexcept { return nth(kAlgorithms, v); }
std::string_view dialect_name(std::uint16_t v) noexcept {
  switch (v) {
    case 0x0202:
      return "2.02";
    case 0x0210:
      return "2.10";
    case 0x02ff:
      return "2.??";
    case 0x0300:
      return "3.00";
    case 0x0302:
      return "3.02";
    case 0x0311:
      return "3.11";
    default:
      return {};
  }
}
std::string_view share_type_name(std::uint8_t v) noexcept {
  return v == 1 ? "FILE" : v == 2 ? "PIPE" : v == 3 ? "PRINT" : std::string_view();
}

void Dialect::set(std::string_view s) noexcept {
  size = static_cast<std::uint8_t>(std::min(s.size(), text.size()));
  s.copy(text.data(), size);
}

}  // namespace picket::smb
