package dev.baton.tls;

import dev.baton.reason.Reason;

/**
 * Why a ClientHello is refused, with the alert that says so. What two readers could understand
 * differently is always refused, for the target reads the hello again.
 */
public enum TlsProblem {
  /** RFC 8446, section 5.1: the first record holds a handshake message. */
  NOT_TLS(Alert.UNEXPECTED_MESSAGE, Reason.WRONG_PROTOCOL, "This is not TLS."),
  /** The first byte is one that an HTTP request begins with; answered in HTTP. */
  PLAIN_HTTP(
      Alert.UNEXPECTED_MESSAGE,
      Reason.WRONG_PROTOCOL,
      "This port speaks TLS: the address begins with https."),
  /** RFC 6176: the hello of SSL 2.0, and anything else with the first bit set. */
  SSL2_HELLO(Alert.PROTOCOL_VERSION, Reason.UNSUPPORTED_REQUEST, "SSL 2.0 is not spoken."),
  /** RFC 7568, and versions whose hello has an unknown form. */
  BAD_VERSION(Alert.PROTOCOL_VERSION, Reason.UNSUPPORTED_REQUEST, "Not a version of TLS."),
  /** RFC 8446, section 5.1: no other record may stand between a hello's fragments. */
  OTHER_RECORD(Alert.UNEXPECTED_MESSAGE, Reason.HEAD_MALFORMED, "Another record interrupts."),
  /** RFC 8446, section 5.1; see {@link ClientHelloParser#EMPTY_RECORDS_MAX}. */
  EMPTY_RECORDS(Alert.UNEXPECTED_MESSAGE, Reason.HEAD_MALFORMED, "Too many empty records."),
  /** RFC 8446, section 5.1. */
  RECORD_OVERFLOW(Alert.RECORD_OVERFLOW, Reason.HEAD_MALFORMED, "A record is too long."),
  /** RFC 8446, section 4: the first handshake message is a ClientHello. */
  NOT_A_HELLO(Alert.UNEXPECTED_MESSAGE, Reason.HEAD_MALFORMED, "Not a ClientHello."),
  /** RFC 8446, section 5.1: a client waits for its answer before it says more. */
  TRAILING_BYTES(
      Alert.UNEXPECTED_MESSAGE, Reason.HEAD_MALFORMED, "Bytes follow the hello in its record."),
  /** RFC 8446, section 4.1.2: a length that does not fit what it is the length of. */
  BAD_LENGTH(Alert.DECODE_ERROR, Reason.HEAD_MALFORMED, "A length is wrong."),
  /** RFC 8446, section 4.2. */
  REPEATED_EXTENSION(
      Alert.ILLEGAL_PARAMETER, Reason.HEAD_MALFORMED, "An extension is given more than once."),
  /** RFC 6066, section 3: one name, and only of the kind that has a known form. */
  NOT_ONE_NAME(Alert.ILLEGAL_PARAMETER, Reason.HEAD_MALFORMED, "Not one host name is asked for."),
  /** RFC 6066, section 3: no address, no dot at the end, nothing but a DNS name in ASCII. */
  BAD_NAME(Alert.ILLEGAL_PARAMETER, Reason.HEAD_MALFORMED, "The server name is not a DNS name."),
  /** RFC 8446, section 9.2. */
  NAME_MISSING(Alert.MISSING_EXTENSION, Reason.NO_SERVER_NAME, "A server name is needed."),
  /** As OpenSSL and BoringSSL answer it. */
  TOO_LARGE(Alert.ILLEGAL_PARAMETER, Reason.HEAD_TOO_LARGE, "The ClientHello is too large.");

  private final Alert alert;
  private final Reason reason;
  private final String sentence;

  TlsProblem(Alert alert, Reason reason, String sentence) {
    this.alert = alert;
    this.reason = reason;
    this.sentence = sentence;
  }

  Alert alert() {
    return alert;
  }

  /** What the refusal is counted as. */
  public Reason reason() {
    return reason;
  }

  /** What is wrong, one sentence for people. */
  public String sentence() {
    return sentence;
  }
}
