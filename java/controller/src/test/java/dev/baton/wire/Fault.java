package dev.baton.wire;

/** What must not be seen on the wire. */
public enum Fault {
  /** The IPv4 header's or TCP's checksum is wrong. */
  BAD_CHECKSUM,
  /** An option's length lies. */
  BAD_OPTIONS,
  /** A segment of a connection whose SYN was not seen. */
  NO_SYN,
  /** It acknowledges what the other end has not sent. */
  ACK_OF_UNSEEN,
  /** A SACK block names what the other end has not sent, or nothing. */
  SACK_OF_UNSEEN,
  /** Data beyond the window the other end ever offered. */
  OUT_OF_WINDOW,
  /** More data in a segment than the other end's MSS. */
  LONGER_THAN_MSS,
  /** Data or a FIN behind the FIN. */
  BEHIND_FIN,
  /** Sent again, with other bytes. */
  OTHER_BYTES,
  /** What is new carries an older timestamp than what was new before it. */
  TIMESTAMP_BACK,
  /** It echoes 0, though the other end has sent a timestamp. */
  NO_ECHO,
  /** It echoes a timestamp that the other end has not sent yet. */
  ECHO_OF_UNSEEN,
  /** Without timestamps, though both SYNs had them. */
  NO_TIMESTAMP,
  /** A reset. */
  RESET,
  /** On the public side: an address that has no business there. */
  FOREIGN_ADDRESS,
  /** On the public side: an experimental option, as the REDIRECT option is. */
  EXPERIMENTAL_OPTION
}
