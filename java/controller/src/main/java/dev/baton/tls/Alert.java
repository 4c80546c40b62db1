package dev.baton.tls;

/** TLS alerts that are sent here (RFC 8446, section 6; RFC 6066, section 9). */
enum Alert {
  CLOSE_NOTIFY(0),
  UNEXPECTED_MESSAGE(10),
  RECORD_OVERFLOW(22),
  ILLEGAL_PARAMETER(47),
  ACCESS_DENIED(49),
  DECODE_ERROR(50),
  PROTOCOL_VERSION(70),
  INTERNAL_ERROR(80),
  USER_CANCELED(90),
  MISSING_EXTENSION(109),
  UNRECOGNIZED_NAME(112);

  private static final int RECORD = 7;
  private static final byte ALERT = 21;
  private static final byte WARNING = 1;
  private static final byte FATAL = 2;

  private final byte code;

  Alert(int code) {
    this.code = (byte) code;
  }

  /** The record that ends a handshake with this alert. */
  byte[] fatal() {
    byte[] record = new byte[RECORD];
    put(record, 0, FATAL, code);
    return record;
  }

  /** The two records that give a handshake up for no fault of its own (RFC 8446, section 6.1). */
  static byte[] canceled() {
    byte[] records = new byte[2 * RECORD];
    put(records, 0, WARNING, USER_CANCELED.code);
    put(records, RECORD, WARNING, CLOSE_NOTIFY.code);
    return records;
  }

  /** Version 3.3, as all records but the first hello's have it (RFC 8446, section 5.1). */
  private static void put(byte[] into, int at, byte level, byte code) {
    into[at] = ALERT;
    into[at + 1] = 3;
    into[at + 2] = 3;
    into[at + 4] = 2;
    into[at + 5] = level;
    into[at + 6] = code;
  }
}
