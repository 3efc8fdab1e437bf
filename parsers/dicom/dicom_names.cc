// Names of numbers (PS3.7 Annex C and E, PS3.8 §9.3) and of elements and UIDs (PS3.6); UIDs without their roots
#include "parsers/core/names.h"
#include "parsers/dicom/dicom.h"

namespace picket::dicom {
namespace {

struct Uid {
  std::string_view uid, name;
};

constexpr std::string_view kRoot = "1.2.840.10008.";

/// Below 1.2.840.10008.
constexpr Uid kUids[] = {
    {"1.1", "Verification"},
    {"1.3.10", "Media Storage Directory"},
    {"1.9", "Basic Study Content Notification"},
    {"1.20.1", "Storage Commitment Push Model"},
    {"1.20.2", "Storage Commitment Pull Model"},
    {"1.40", "Procedural Event Logging"},
    {"1.42", "Substance Administration Logging"},
    {"3.1.1.1", "DICOM Application Context"},
    {"3.1.2.1.1", "Detached Patient Management"},
    {"3.1.2.2.1", "Detached Visit Management"},
    {"3.1.2.3.1", "Detached Study Management"},
    {"3.1.2.3.2", "Study Component Management"},
    {"3.1.2.3.3", "Modality Performed Procedure Step"},
    {"3.1.2.3.4", "Modality Performed Procedure Step Retrieve"},
    {"3.1.2.3.5", "Modality Performed Procedure Step Notification"},
    {"3.1.2.5.1", "Detached Results Management"},
    {"3.1.2.6.1", "Detached Interpretation Management"},
    {"4.2", "Storage Service Class"},
    {"5.1.1.1", "Basic Film Session"},
    {"5.1.1.2", "Basic Film Box"},
    {"5.1.1.4", "Basic Grayscale Image Box"},
    {"5.1.1.4.1", "Basic Color Image Box"},
    {"5.1.1.4.2", "Referenced Image Box"},
    {"5.1.1.9", "Basic Grayscale Print Management Meta"},
    {"5.1.1.9.1", "Referenced Grayscale Print Management Meta"},
    {"5.1.1.14", "Print Job"},
    {"5.1.1.15", "Basic Annotation Box"},
    {"5.1.1.16", "Printer"},
    {"5.1.1.16.376", "Printer Configuration Retrieval"},
    {"5.1.1.18", "Basic Color Print Management Meta"},
    {"5.1.1.22", "VOI LUT Box"},
    {"5.1.1.23", "Presentation LUT"},
    {"5.1.1.24", "Image Overlay Box"},
    {"5.1.1.26", "Print Queue Management"},
    {"5.1.1.27", "Stored Print Storage"},
    {"5.1.1.29", "Hardcopy Grayscale Image Storage"},
    {"5.1.1.30", "Hardcopy Color Image Storage"},
    {"5.1.1.33", "Media Creation Management"},
    {"5.1.4.1.1.1", "Computed Radiography Image Storage"},
    {"5.1.4.1.1.1.1", "Digital X-Ray Image Storage - For Presentation"},
    {"5.1.4.1.1.1.1.1", "Digital X-Ray Image Storage - For Processing"},
    {"5.1.4.1.1.1.2", "Digital Mammography X-Ray Image Storage - For Presentation"},
    {"5.1.4.1.1.1.2.1", "Digital Mammography X-Ray Image Storage - For Processing"},
    {"5.1.4.1.1.1.3", "Digital Intra-Oral X-Ray Image Storage - For Presentation"},
    {"5.1.4.1.1.1.3.1", "Digital Intra-Oral X-Ray Image Storage - For Processing"},
    {"5.1.4.1.1.2", "CT Image Storage"},
    {"5.1.4.1.1.2.1", "Enhanced CT Image Storage"},
    {"5.1.4.1.1.2.2", "Legacy Converted Enhanced CT Image Storage"},
    {"5.1.4.1.1.3", "Ultrasound Multi-frame Image Storage (Retired)"},
    {"5.1.4.1.1.3.1", "Ultrasound Multi-frame Image Storage"},
    {"5.1.4.1.1.4", "MR Image Storage"},
    {"5.1.4.1.1.4.1", "Enhanced MR Image Storage"},
    {"5.1.4.1.1.4.2", "MR Spectroscopy Storage"},
    {"5.1.4.1.1.4.3", "Enhanced MR Color Image Storage"},
    {"5.1.4.1.1.4.4", "Legacy Converted Enhanced MR Image Storage"},
    {"5.1.4.1.1.5", "Nuclear Medicine Image Storage (Retired)"},
    {"5.1.4.1.1.6", "Ultrasound Image Storage (Retired)"},
    {"5.1.4.1.1.6.1", "Ultrasound Image Storage"},
    {"5.1.4.1.1.6.2", "Enhanced US Volume Storage"},
    {"5.1.4.1.1.7", "Secondary Capture Image Storage"},
    {"5.1.4.1.1.7.1", "Multi-frame Single Bit Secondary Capture Image Storage"},
    {"5.1.4.1.1.7.2", "Multi-frame Grayscale Byte Secondary Capture Image Storage"},
    {"5.1.4.1.1.7.3", "Multi-frame Grayscale Word Secondary Capture Image Storage"},
    {"5.1.4.1.1.7.4", "Multi-frame True Color Secondary Capture Image Storage"},
    {"5.1.4.1.1.9.1.1", "12-lead ECG Waveform Storage"},
    {"5.1.4.1.1.9.1.2", "General ECG Waveform Storage"},
    {"5.1.4.1.1.9.1.3", "Ambulatory ECG Waveform Storage"},
    {"5.1.4.1.1.9.2.1", "Hemodynamic Waveform Storage"},
    {"5.1.4.1.1.9.3.1", "Cardiac Electrophysiology Waveform Storage"},
    {"5.1.4.1.1.9.4.1", "Basic Voice Audio Waveform Storage"},
    {"5.1.4.1.1.9.4.2", "General Audio Waveform Storage"},
    {"5.1.4.1.1.9.5.1", "Arterial Pulse Waveform Storage"},
    {"5.1.4.1.1.9.6.1", "Respiratory Waveform Storage"},
    {"5.1.4.1.1.11.1", "Grayscale Softcopy Presentation State Storage"},
    {"5.1.4.1.1.11.2", "Color Softcopy Presentation State Storage"},
    {"5.1.4.1.1.11.3", "Pseudo-Color Softcopy Presentation State Storage"},
    {"5.1.4.1.1.11.4", "Blending Softcopy Presentation State Storage"},
    {"5.1.4.1.1.12.1", "X-Ray Angiographic Image Storage"},
    {"5.1.4.1.1.12.1.1", "Enhanced XA Image Storage"},
    {"5.1.4.1.1.12.2", "X-Ray Radiofluoroscopic Image Storage"},
    {"5.1.4.1.1.12.2.1", "Enhanced XRF Image Storage"},
    {"5.1.4.1.1.13.1.1", "X-Ray 3D Angiographic Image Storage"},
    {"5.1.4.1.1.13.1.2", "X-Ray 3D Craniofacial Image Storage"},
    {"5.1.4.1.1.13.1.3", "Breast Tomosynthesis Image Storage"},
    {"5.1.4.1.1.20", "Nuclear Medicine Image Storage"},
    {"5.1.4.1.1.66", "Raw Data Storage"},
    {"5.1.4.1.1.66.1", "Spatial Registration Storage"},
    {"5.1.4.1.1.66.2", "Spatial Fiducials Storage"},
    {"5.1.4.1.1.66.3", "Deformable Spatial Registration Storage"},
    {"5.1.4.1.1.66.4", "Segmentation Storage"},
    {"5.1.4.1.1.66.5", "Surface Segmentation Storage"},
    {"5.1.4.1.1.67", "Real World Value Mapping Storage"},
    {"5.1.4.1.1.77.1.1", "VL Endoscopic Image Storage"},
    {"5.1.4.1.1.77.1.1.1", "Video Endoscopic Image Storage"},
    {"5.1.4.1.1.77.1.2", "VL Microscopic Image Storage"},
    {"5.1.4.1.1.77.1.2.1", "Video Microscopic Image Storage"},
    {"5.1.4.1.1.77.1.3", "VL Slide-Coordinates Microscopic Image Storage"},
    {"5.1.4.1.1.77.1.4", "VL Photographic Image Storage"},
    {"5.1.4.1.1.77.1.4.1", "Video Photographic Image Storage"},
    {"5.1.4.1.1.77.1.5.1", "Ophthalmic Photography 8 Bit Image Storage"},
    {"5.1.4.1.1.77.1.5.2", "Ophthalmic Photography 16 Bit Image Storage"},
    {"5.1.4.1.1.77.1.5.3", "Stereometric Relationship Storage"},
    {"5.1.4.1.1.77.1.5.4", "Ophthalmic Tomography Image Storage"},
    {"5.1.4.1.1.77.1.6", "VL Whole Slide Microscopy Image Storage"},
    {"5.1.4.1.1.88.11", "Basic Text SR Storage"},
    {"5.1.4.1.1.88.22", "Enhanced SR Storage"},
    {"5.1.4.1.1.88.33", "Comprehensive SR Storage"},
    {"5.1.4.1.1.88.34", "Comprehensive 3D SR Storage"},
    {"5.1.4.1.1.88.40", "Procedure Log Storage"},
    {"5.1.4.1.1.88.50", "Mammography CAD SR Storage"},
    {"5.1.4.1.1.88.59", "Key Object Selection Document Storage"},
    {"5.1.4.1.1.88.65", "Chest CAD SR Storage"},
    {"5.1.4.1.1.88.67", "X-Ray Radiation Dose SR Storage"},
    {"5.1.4.1.1.88.69", "Colon CAD SR Storage"},
    {"5.1.4.1.1.104.1", "Encapsulated PDF Storage"},
    {"5.1.4.1.1.104.2", "Encapsulated CDA Storage"},
    {"5.1.4.1.1.104.3", "Encapsulated STL Storage"},
    {"5.1.4.1.1.128", "Positron Emission Tomography Image Storage"},
    {"5.1.4.1.1.128.1", "Legacy Converted Enhanced PET Image Storage"},
    {"5.1.4.1.1.130", "Enhanced PET Image Storage"},
    {"5.1.4.1.1.131", "Basic Structured Display Storage"},
    {"5.1.4.1.1.481.1", "RT Image Storage"},
    {"5.1.4.1.1.481.2", "RT Dose Storage"},
    {"5.1.4.1.1.481.3", "RT Structure Set Storage"},
    {"5.1.4.1.1.481.4", "RT Beams Treatment Record Storage"},
    {"5.1.4.1.1.481.5", "RT Plan Storage"},
    {"5.1.4.1.1.481.6", "RT Brachy Treatment Record Storage"},
    {"5.1.4.1.1.481.7", "RT Treatment Summary Record Storage"},
    {"5.1.4.1.1.481.8", "RT Ion Plan Storage"},
    {"5.1.4.1.1.481.9", "RT Ion Beams Treatment Record Storage"},
    {"5.1.4.1.2.1.1", "Patient Root Query/Retrieve - FIND"},
    {"5.1.4.1.2.1.2", "Patient Root Query/Retrieve - MOVE"},
    {"5.1.4.1.2.1.3", "Patient Root Query/Retrieve - GET"},
    {"5.1.4.1.2.2.1", "Study Root Query/Retrieve - FIND"},
    {"5.1.4.1.2.2.2", "Study Root Query/Retrieve - MOVE"},
    {"5.1.4.1.2.2.3", "Study Root Query/Retrieve - GET"},
    {"5.1.4.1.2.3.1", "Patient/Study Only Query/Retrieve - FIND"},
    {"5.1.4.1.2.3.2", "Patient/Study Only Query/Retrieve - MOVE"},
    {"5.1.4.1.2.3.3", "Patient/Study Only Query/Retrieve - GET"},
    {"5.1.4.1.2.4.2", "Composite Instance Root Retrieve - MOVE"},
    {"5.1.4.1.2.4.3", "Composite Instance Root Retrieve - GET"},
    {"5.1.4.1.2.5.3", "Composite Instance Retrieve Without Bulk Data - GET"},
    {"5.1.4.31", "Modality Worklist - FIND"},
    {"5.1.4.32", "General Purpose Worklist"},
    {"5.1.4.32.1", "General Purpose Worklist - FIND"},
    {"5.1.4.33", "Instance Availability Notification"},
    {"5.1.4.34.6.1", "Unified Procedure Step - Push"},
    {"5.1.4.34.6.2", "Unified Procedure Step - Watch"},
    {"5.1.4.34.6.3", "Unified Procedure Step - Pull"},
    {"5.1.4.34.6.4", "Unified Procedure Step - Event"},
    {"5.1.4.34.6.5", "Unified Procedure Step - Query"},
    {"5.1.4.34.7", "RT Beams Delivery Instruction Storage"},
    {"5.1.4.37.1", "General Relevant Patient Information Query"},
    {"5.1.4.37.2", "Breast Imaging Relevant Patient Information Query"},
    {"5.1.4.37.3", "Cardiac Relevant Patient Information Query"},
    {"5.1.4.38.1", "Hanging Protocol Storage"},
    {"5.1.4.38.2", "Hanging Protocol Information Model - FIND"},
    {"5.1.4.38.3", "Hanging Protocol Information Model - MOVE"},
    {"5.1.4.39.1", "Color Palette Storage"},
    {"5.1.4.41", "Product Characteristics Query"},
    {"5.1.4.42", "Substance Approval Query"},
};

struct Syntax {
  std::string_view uid, name;
  Encoding encoding;
};

using enum Encoding;
constexpr Syntax kSyntaxes[] = {
    {"1.2.840.10008.1.2", "Implicit VR Little Endian", kImplicitLittle},
    {"1.2.840.10008.1.2.1", "Explicit VR Little Endian", kExplicitLittle},
    {"1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed Explicit VR Little Endian", kExplicitLittle},
    {"1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", kDeflated},
    {"1.2.840.10008.1.2.2", "Explicit VR Big Endian", kExplicitBig},
    {"1.2.840.10008.1.2.4.50", "JPEG Baseline (Process 1)", kExplicitLittle},
    {"1.2.840.10008.1.2.4.51", "JPEG Extended (Process 2 & 4)", kExplicitLittle},
    {"1.2.840.10008.1.2.4.52", "JPEG Extended (Process 3 & 5)", kExplicitLittle},
    {"1.2.840.10008.1.2.4.53", "JPEG Spectral Selection (Process 6 & 8)", kExplicitLittle},
    {"1.2.840.10008.1.2.4.55", "JPEG Full Progression (Process 10 & 12)", kExplicitLittle},
    {"1.2.840.10008.1.2.4.57", "JPEG Lossless (Process 14)", kExplicitLittle},
    {"1.2.840.10008.1.2.4.70", "JPEG Lossless (Process 14, Selection Value 1)", kExplicitLittle},
    {"1.2.840.10008.1.2.4.80", "JPEG-LS Lossless", kExplicitLittle},
    {"1.2.840.10008.1.2.4.81", "JPEG-LS Near-Lossless", kExplicitLittle},
    {"1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless Only", kExplicitLittle},
    {"1.2.840.10008.1.2.4.91", "JPEG 2000", kExplicitLittle},
    {"1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2 Multi-component Lossless Only", kExplicitLittle},
    {"1.2.840.10008.1.2.4.93", "JPEG 2000 Part 2 Multi-component", kExplicitLittle},
    {"1.2.840.10008.1.2.4.94", "JPIP Referenced", kExplicitLittle},
    {"1.2.840.10008.1.2.4.95", "JPIP Referenced Deflate", kDeflated},
    {"1.2.840.10008.1.2.4.100", "MPEG2 Main Profile / Main Level", kExplicitLittle},
    {"1.2.840.10008.1.2.4.101", "MPEG2 Main Profile / High Level", kExplicitLittle},
    {"1.2.840.10008.1.2.4.102", "MPEG-4 AVC/H.264 High Profile / Level 4.1", kExplicitLittle},
    {"1.2.840.10008.1.2.4.103", "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1", kExplicitLittle},
    {"1.2.840.10008.1.2.4.104", "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video", kExplicitLittle},
    {"1.2.840.10008.1.2.4.105", "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video", kExplicitLittle},
    {"1.2.840.10008.1.2.4.106", "MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2", kExplicitLittle},
    {"1.2.840.10008.1.2.4.107", "HEVC/H.265 Main Profile / Level 5.1", kExplicitLittle},
    {"1.2.840.10008.1.2.4.108", "HEVC/H.265 Main 10 Profile / Level 5.1", kExplicitLittle},
    {"1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000 Lossless Only", kExplicitLittle},
    {"1.2.840.10008.1.2.4.202", "High-Throughput JPEG 2000 with RPCL Lossless Only", kExplicitLittle},
    {"1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000", kExplicitLittle},
    {"1.2.840.10008.1.2.5", "RLE Lossless", kExplicitLittle},
};

constexpr NumberName kCommands[] = {
    {0x0001, "C-STORE-RQ"},   {0x8001, "C-STORE-RSP"},       {0x0010, "C-GET-RQ"},
    {0x8010, "C-GET-RSP"},    {0x0020, "C-FIND-RQ"},         {0x8020, "C-FIND-RSP"},
    {0x0021, "C-MOVE-RQ"},    {0x8021, "C-MOVE-RSP"},        {0x0030, "C-ECHO-RQ"},
    {0x8030, "C-ECHO-RSP"},   {0x0100, "N-EVENT-REPORT-RQ"}, {0x8100, "N-EVENT-REPORT-RSP"},
    {0x0110, "N-GET-RQ"},     {0x8110, "N-GET-RSP"},         {0x0120, "N-SET-RQ"},
    {0x8120, "N-SET-RSP"},    {0x0130, "N-ACTION-RQ"},       {0x8130, "N-ACTION-RSP"},
    {0x0140, "N-CREATE-RQ"},  {0x8140, "N-CREATE-RSP"},      {0x0150, "N-DELETE-RQ"},
    {0x8150, "N-DELETE-RSP"}, {0x0fff, "C-CANCEL-RQ"},
};

constexpr NumberName kStatuses[] = {
    {0x0000, "success"},
    {0x0001, "requested optional attributes are not supported"},
    {0x0105, "no such attribute"},
    {0x0106, "invalid attribute value"},
    {0x0107, "attribute list error"},
    {0x0110, "processing failure"},
    {0x0111, "duplicate SOP instance"},
    {0x0112, "no such object instance"},
    {0x0113, "no such event type"},
    {0x0114, "no such argument"},
    {0x0115, "invalid argument value"},
    {0x0116, "attribute value out of range"},
    {0x0117, "invalid object instance"},
    {0x0118, "no such SOP class"},
    {0x0119, "class-instance conflict"},
    {0x0120, "missing attribute"},
    {0x0121, "missing attribute value"},
    {0x0122, "refused: SOP class not supported"},
    {0x0123, "no such action"},
    {0x0124, "refused: not authorized"},
    {0x0210, "duplicate invocation"},
    {0x0211, "unrecognized operation"},
    {0x0212, "mistyped argument"},
    {0x0213, "resource limitation"},
    {0xa700, "refused: out of resources"},
    {0xa701, "refused: out of resources, unable to calculate number of matches"},
    {0xa702, "refused: out of resources, unable to perform sub-operations"},
    {0xa801, "refused: move destination unknown"},
    {0xa900, "data set does not match SOP class"},
    {0xaa00, "none of the requested frames were found"},
    {0xaa01, "unable to create a new object for this SOP class"},
    {0xaa02, "unable to extract frames"},
    {0xaa03, "time-based request for an object without times"},
    {0xaa04, "invalid request"},
    {0xb000, "coercion of data elements"},
    {0xb006, "elements discarded"},
    {0xb007, "data set does not match SOP class"},
    {0xc000, "unable to process"},
    {0xfe00, "cancelled"},
    {0xff00, "pending"},
    {0xff01, "pending: optional keys are not supported"},
};

constexpr NumberName kPriorities[] = {{0, "medium"}, {1, "high"}, {2, "low"}};
constexpr NumberName kContextResults[] = {
    {0, "accepted"},
    {1, "rejected by user"},
    {2, "rejected: no reason"},
    {3, "abstract syntax not supported"},
    {4, "transfer syntaxes not supported"},
};
constexpr NumberName kRejectResults[] = {{1, "rejected permanently"}, {2, "rejected transiently"}};
constexpr NumberName kRejectSources[] = {
    {1, "service user"}, {2, "service provider (ACSE)"}, {3, "service provider (presentation)"}};
/// Source << 8 | reason.
constexpr NumberName kRejectReasons[] = {
    {0x101, "no reason given"},
    {0x102, "application context name not supported"},
    {0x103, "calling AE title not recognized"},
    {0x107, "called AE title not recognized"},
    {0x201, "no reason given"},
    {0x202, "protocol version not supported"},
    {0x301, "temporary congestion"},
    {0x302, "local limit exceeded"},
};
constexpr NumberName kAbortSources[] = {{0, "service user"}, {2, "service provider"}};
constexpr NumberName kAbortReasons[] = {
    {0, "not specified"},
    {1, "unrecognized PDU"},
    {2, "unexpected PDU"},
    {4, "unrecognized PDU parameter"},
    {5, "unexpected PDU parameter"},
    {6, "invalid PDU parameter value"},
};
constexpr NumberName kIdentities[] = {
    {1, "user name"},      {2, "user name and passcode"}, {3, "Kerberos ticket"},
    {4, "SAML assertion"}, {5, "JSON web token"},
};

struct TagName {
  std::uint32_t number;
  std::string_view name;
};
/// Elements that queries and worklists ask for.
constexpr TagName kTags[] = {
    {0x00080016, "SOPClassUID"},
    {0x00080018, "SOPInstanceUID"},
    {0x00080020, "StudyDate"},
    {0x00080021, "SeriesDate"},
    {0x00080022, "AcquisitionDate"},
    {0x00080023, "ContentDate"},
    {0x00080030, "StudyTime"},
    {0x00080031, "SeriesTime"},
    {0x00080050, "AccessionNumber"},
    {0x00080052, "QueryRetrieveLevel"},
    {0x00080054, "RetrieveAETitle"},
    {0x00080055, "StationAETitle"},
    {0x00080056, "InstanceAvailability"},
    {0x00080060, "Modality"},
    {0x00080061, "ModalitiesInStudy"},
    {0x00080062, "SOPClassesInStudy"},
    {0x00080070, "Manufacturer"},
    {0x00080080, "InstitutionName"},
    {0x00080090, "ReferringPhysicianName"},
    {0x00081010, "StationName"},
    {0x00081030, "StudyDescription"},
    {0x0008103e, "SeriesDescription"},
    {0x00081040, "InstitutionalDepartmentName"},
    {0x00081050, "PerformingPhysicianName"},
    {0x00081060, "NameOfPhysiciansReadingStudy"},
    {0x00081070, "OperatorsName"},
    {0x00081090, "ManufacturerModelName"},
    {0x00081150, "ReferencedSOPClassUID"},
    {0x00081155, "ReferencedSOPInstanceUID"},
    {0x00081195, "TransactionUID"},
    {0x00100010, "PatientName"},
    {0x00100020, "PatientID"},
    {0x00100021, "IssuerOfPatientID"},
    {0x00100030, "PatientBirthDate"},
    {0x00100032, "PatientBirthTime"},
    {0x00100040, "PatientSex"},
    {0x00101000, "OtherPatientIDs"},
    {0x00101001, "OtherPatientNames"},
    {0x00101005, "PatientBirthName"},
    {0x00101010, "PatientAge"},
    {0x00101020, "PatientSize"},
    {0x00101030, "PatientWeight"},
    {0x00101040, "PatientAddress"},
    {0x00101060, "PatientMotherBirthName"},
    {0x00101090, "MedicalRecordLocator"},
    {0x00102154, "PatientTelephoneNumbers"},
    {0x00102160, "EthnicGroup"},
    {0x00104000, "PatientComments"},
    {0x00180015, "BodyPartExamined"},
    {0x00181000, "DeviceSerialNumber"},
    {0x00181020, "SoftwareVersions"},
    {0x00181030, "ProtocolName"},
    {0x0020000d, "StudyInstanceUID"},
    {0x0020000e, "SeriesInstanceUID"},
    {0x00200010, "StudyID"},
    {0x00200011, "SeriesNumber"},
    {0x00200013, "InstanceNumber"},
    {0x00201200, "NumberOfPatientRelatedStudies"},
    {0x00201206, "NumberOfStudyRelatedSeries"},
    {0x00201208, "NumberOfStudyRelatedInstances"},
    {0x00321060, "RequestedProcedureDescription"},
    {0x00380010, "AdmissionID"},
    {0x00400001, "ScheduledStationAETitle"},
    {0x00400002, "ScheduledProcedureStepStartDate"},
    {0x00400003, "ScheduledProcedureStepStartTime"},
    {0x00400006, "ScheduledPerformingPhysicianName"},
    {0x00400007, "ScheduledProcedureStepDescription"},
    {0x00400009, "ScheduledProcedureStepID"},
    {0x00400010, "ScheduledStationName"},
    {0x00400100, "ScheduledProcedureStepSequence"},
    {0x00400244, "PerformedProcedureStepStartDate"},
    {0x00400252, "PerformedProcedureStepStatus"},
    {0x00400253, "PerformedProcedureStepID"},
    {0x00401001, "RequestedProcedureID"},
    {0x21000070, "Originator"},
    {0x21100010, "PrinterStatus"},
    {0x21100020, "PrinterStatusInfo"},
    {0x21100030, "PrinterName"},
};

/// What names a patient, or leads to one.
constexpr std::uint32_t kPatientTags[] = {0x00080050, 0x00100010, 0x00100020, 0x00100030, 0x00101000,
                                          0x00101001, 0x00101005, 0x00101040, 0x00101060, 0x00101090,
                                          0x00102154, 0x00200010, 0x00380010};

}  // namespace

std::string_view uid_name(Bytes uid) noexcept {
  std::string_view text = as_text(uid);
  for (const Syntax& s : kSyntaxes) {
    if (s.uid == text) return s.name;
  }
  if (!text.starts_with(kRoot)) return {};
  text.remove_prefix(kRoot.size());
  for (const Uid& u : kUids) {
    if (u.uid == text) return u.name;
  }
  return {};
}

std::uint8_t syntax_number(Bytes uid) noexcept {
  for (std::size_t i = 0; i < std::size(kSyntaxes); ++i) {
    if (kSyntaxes[i].uid == as_text(uid)) return static_cast<std::uint8_t>(i + 1);
  }
  return kOtherSyntax;
}
std::string_view syntax_uid(std::uint8_t n) noexcept {
  return n == 0 || n > std::size(kSyntaxes) ? std::string_view{} : kSyntaxes[n - 1].uid;
}
std::string_view syntax_name(std::uint8_t n) noexcept {
  return n == 0 || n > std::size(kSyntaxes) ? std::string_view{} : kSyntaxes[n - 1].name;
}
Encoding syntax_encoding(std::uint8_t n) noexcept {
  if (n == 0) return kUnknown;
  return n > std::size(kSyntaxes) ? kExplicitLittle : kSyntaxes[n - 1].encoding;  // as all others (PS3.5 §10)
}

std::string_view command_name(std::uint16_t field) noexcept { return name_of(kCommands, field); }
std::string_view status_name(std::uint16_t s, const Command* request) noexcept {
  const bool retrieves =
      request != nullptr && (request->does(Operation::kMove) || request->does(Operation::kGet));
  if (s == 0xb000 && retrieves) return "sub-operations complete, some failed";
  if (const std::string_view name = name_of(kStatuses, s); !name.empty()) return name;
  if ((s & 0xff00) == 0xa700) return "refused: out of resources";
  if ((s & 0xff00) == 0xa900) return "data set does not match SOP class";
  if ((s & 0xf000) == 0xb000) return "warning";
  return (s & 0xf000) == 0xc000 ? "unable to process" : "";
}
std::string_view priority_name(std::uint16_t p) noexcept { return name_of(kPriorities, p); }
std::string_view context_result_name(std::uint8_t r) noexcept { return name_of(kContextResults, r); }
std::string_view reject_result_name(std::uint8_t r) noexcept { return name_of(kRejectResults, r); }
std::string_view reject_source_name(std::uint8_t s) noexcept { return name_of(kRejectSources, s); }
std::string_view reject_reason_name(std::uint8_t source, std::uint8_t reason) noexcept {
  const auto name = name_of(kRejectReasons, std::uint32_t{source} << 8 | reason);
  const bool known = source >= 1 && source <= 3 && reason <= 10;
  return name.empty() && known ? std::string_view("reserved") : name;
}
std::string_view abort_source_name(std::uint8_t s) noexcept { return name_of(kAbortSources, s); }
std::string_view abort_reason_name(std::uint8_t source, std::uint8_t reason) noexcept {
  return source == 2 ? name_of(kAbortReasons, reason) : std::string_view{};
}
std::string_view identity_name(std::uint8_t t) noexcept { return name_of(kIdentities, t); }
std::string_view tag_name(std::uint32_t tag) noexcept { return name_of(kTags, tag); }

std::string_view patient_field(std::uint32_t tag) noexcept {
  for (const std::uint32_t t : kPatientTags) {
    if (t == tag) return tag_name(tag);
  }
  return {};
}

bool command_by_name(std::string_view s, std::uint64_t& out) noexcept { return number_of(kCommands, s, out); }
bool priority_by_name(std::string_view s, std::uint64_t& out) noexcept {
  return number_of(kPriorities, s, out);
}
bool status_by_name(std::string_view s, std::uint64_t& out) noexcept { return number_of(kStatuses, s, out); }
bool context_result_by_name(std::string_view s, std::uint64_t& out) noexcept {
  return number_of(kContextResults, s, out);
}
bool identity_by_name(std::string_view s, std::uint64_t& out) noexcept {
  return number_of(kIdentities, s, out);
}

}  // namespace picket::dicom
