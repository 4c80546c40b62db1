package dev.baton.http2;

/** Why a connection ends (RFC 9113, section 7): those that are said here. */
enum ErrorCode {
  NO_ERROR(0),
  PROTOCOL_ERROR(1),
  FLOW_CONTROL_ERROR(3),
  FRAME_SIZE_ERROR(6),
  COMPRESSION_ERROR(9),
  ENHANCE_YOUR_CALM(11),
  HTTP_1_1_REQUIRED(13);

  private final int code;

  ErrorCode(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
