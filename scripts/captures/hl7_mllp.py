"""Both ends by python3-hl7: hl7_mllp.py server ADDRESS PORT [refuse]       acknowledges what comes, or refuses it
                      hl7_mllp.py client CASE ADDRESS PORT          sends the messages of a case and waits for each answer

Patients, physicians and devices are made up."""

import asyncio
import sys

import hl7
import hl7.mllp

PID = "PID|1||PAT4711^^^PICKET^MR~123-45-6789^^^SSA^SS||DOE^JANE^Q||19700131|F|||12 Secret Lane^^Springfield||555-0100|||S||ACCT99|123-45-6789"
NK1 = "NK1|1|DOE^JOHN|SPO|12 Secret Lane|555-0199"
GT1 = "GT1|1||DOE^JOHN||12 Secret Lane|555-0199"
IN1 = "IN1|1|PLAN7|INS3|ACME Insurance||||||||||||DOE^JANE|SEL|19700131||||||||||||||||||POL-31415"
VISIT = "PV1|1|I|ICU^101^A|||||HOUSE^GREGORY|||||||||||V77001"


def msh(kind, number, sender="ADT1|WARD", to="EHR|PICKET", more=""):
    return "MSH|^~\\&|%s|%s|20261122104517.123+0100||%s|%s|P|2.5.1%s" % (sender, to, kind, number, more)


CASES = {
    "admissions": [
        [msh("ADT^A05^ADT_A05", "A0001", more="|||AL|NE|DEU|UNICODE UTF-8"), "SFT|ACME Health|4.2|WardDesk|build-9", "EVN|A05|20261122104500", PID, VISIT],
        [msh("ADT^A01^ADT_A01", "A0002"), "EVN|A01|20261122104510||01", PID, NK1, VISIT, "AL1|1|DA|PEN^Penicillin", GT1, IN1],
        [msh("ADT^A08^ADT_A01", "A0003"), "EVN|A08|20261122104520", PID, VISIT],
        [msh("ADT^A02^ADT_A02", "A0004"), "EVN|A02|20261122104530", PID, "PV1|1|I|WARD^7^B"],
        [msh("ADT^A40^ADT_A39", "A0005"), "EVN|A40|20261122104540", PID, "MRG|PAT0815^^^PICKET^MR||||||DOE^JAN"],
        [msh("ADT^A03^ADT_A03", "A0006"), "EVN|A03|20261122104550", PID, VISIT],
    ],
    "orders-and-results": [
        [msh("ORM^O01^ORM_O01", "O0001", "EHR|PICKET", "LIS|LAB"), PID, VISIT, "ORC|NW|ORD77^EHR|||||^^^20261122110000^^R", "OBR|1|ORD77^EHR||2345-7^Glucose^LN",
         "ORC|NW|ORD78^EHR", "OBR|2|ORD78^EHR||718-7^Hemoglobin^LN"],
        [msh("ORM^O01^ORM_O01", "O0002", "EHR|PICKET", "LIS|LAB"), PID, "ORC|CA|ORD78^EHR||||||||||||||DUP", "OBR|1|ORD78^EHR||718-7^Hemoglobin^LN"],
        [msh("ORU^R01^ORU_R01", "R0001", "LIS|LAB", "EHR|PICKET"), PID, "ORC|RE|ORD77^EHR|LAB900^LIS||CM", "OBR|1|ORD77^EHR|LAB900^LIS|2345-7^Glucose^LN|||20261122105500||||||||||||||||||F",
         "OBX|1|NM|2345-7^Glucose^LN||182|mg/dL|70-105|H|||F|||||||ANALYZER^SN-9", "NTE|1||Jane has not fasted"],
        [msh("ORU^R40^ORU_R40", "R0002", "PUMP|ICU", "ALARMS|PICKET"), PID, "OBR|1|||196616^MDC_EVT_ALARM^MDC", "OBX|1|ST|196674^MDC_EVT_HI^MDC||high pressure||||||F|||||||PUMP3^SN-3"],
        [msh("RDE^O11^RDE_O11", "X0001", "EHR|PICKET", "PHARM|PICKET"), PID, "ORC|NW|RX55^EHR", "RXE|^^^20261122120000|860975^Metformin^RXN|500||mg"],
        [msh("RGV^O15^RGV_O15", "X0002", "PHARM|PICKET", "PUMP|ICU"), PID, "ORC|RE|RX55^EHR|PH900^PHARM", "RXG|1||^^^20261122120000|860975^Metformin^RXN|500||mg"],
        [msh("QBP^Q22^QBP_Q21", "Q0001", "DESK|WARD", "MPI|PICKET"), "QPD|Q22^Find Candidates^HL70471|T100|@PID.5.1^DOE~@PID.7^19700131", "RCP|I|10^RD"],
        [msh("MFN^M02^MFN_M02", "F0001", "HR|PICKET", "EHR|PICKET"), "MFI|PRA^Practitioner^HL70175||UPD|||AL", "MFE|MAD|1||HOUSE"],
        [msh("SIU^S12^SIU_S12", "S0001", "SCHED|PICKET", "CT|RADIOLOGY"), "SCH|APT1||||||CT^Head CT|||30|min", PID],
        [msh("MDM^T02^MDM_T02", "D0001", "DICT|PICKET", "EHR|PICKET"), "EVN|T02|20261122113000", PID, VISIT, "TXA|1|DS|TX||||||||DOC7", "OBX|1|TX|18842-5^Discharge summary^LN||Jane Doe left well||||||F"],
    ],
}
CASES["odd-port"] = CASES["admissions"][:2]
CASES["refusals"] = CASES["orders-and-results"][:3]


async def serve(reader, writer, refuse):
    answers = [("AE", "ERR||PID^1^5|204^Unknown key identifier^HL70357|E|||Patient DOE^JANE is not known"),
               ("AR", "ERR||MSH^1^12|203^Unsupported version id^HL70357|E"), ("AE", "ERR|PID^1^3^101&Required field missing")]
    try:
        while True:
            message = await reader.readmessage()
            if refuse:
                code, error = answers.pop(0)
                ack = str(message.create_ack(code)).replace("\r\r", "\r")
                ack = ack.rstrip("\r") + "|Patient DOE^JANE\r" + error + "\r"
                writer.writeblock(ack.encode())
            else:
                writer.writemessage(message.create_ack("AA"))
            await writer.drain()
    except (asyncio.IncompleteReadError, IndexError):
        writer.close()


async def main():
    if sys.argv[1] == "server":
        refuse = len(sys.argv) > 4
        server = await hl7.mllp.start_hl7_server(lambda r, w: serve(r, w, refuse), sys.argv[2], int(sys.argv[3]), encoding="utf-8")
        async with server:
            await server.serve_forever()
    case, address, port = sys.argv[2:5]
    reader, writer = await hl7.mllp.open_hl7_connection(address, int(port), encoding="utf-8")
    for lines in CASES[case]:
        writer.writemessage(hl7.parse("\r".join(lines) + "\r"))
        await writer.drain()
        await reader.readmessage()
    writer.close()
    await writer.wait_closed()


asyncio.run(main())
