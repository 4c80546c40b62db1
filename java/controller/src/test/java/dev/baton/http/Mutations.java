package dev.baton.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Heads that were valid or nearly so, changed in a few places; the same seed gives the same. */
final class Mutations {
  /** What readers have been seen to disagree about. */
  private static final List<String> LINES =
      List.of(
          "Host: b.example",
          "Host:",
          "host: A.example:80",
          "Host : c",
          "Content-Length: 5",
          "Content-Length: 7",
          "Content-Length: +5",
          "Content-Length: 5, 5",
          "Content-Length: 0x5",
          "Content-Length : 5",
          "Content-Length: 00000000000000000000000000000005",
          "Content_Length: 9",
          "Transfer-Encoding: chunked",
          "Transfer-Encoding: Chunked",
          "Transfer-Encoding: identity",
          "Transfer-Encoding: gzip, chunked",
          "Transfer-Encoding: chunked, chunked",
          "Transfer-Encoding: ,chunked",
          "Transfer-Encoding: chunked,",
          "Transfer-Encoding:\tchunked",
          "Transfer-Encoding : chunked",
          "Transfer-Encoding: \"chunked\"",
          "Connection: close, Host",
          "Expect: 100-continue",
          "Upgrade: h2c",
          " folded",
          "\tfolded",
          "X",
          ": x",
          "X: a",
          "X:\u0001",
          "");

  private static final List<String> PIECES =
      List.of(
          " ",
          "  ",
          "\t",
          "\r",
          "\n",
          "\r\n",
          "\r\r\n",
          "\r\n\r\n",
          "\n\n",
          ":",
          ",",
          ";",
          "/",
          "?",
          "#",
          "@",
          "\\",
          "*",
          "[",
          "]",
          "%",
          "%00",
          ".",
          "0",
          "-",
          "+",
          "_",
          "\"",
          "\0",
          "\u000b",
          "\u000c",
          "\u001b",
          "\u007f",
          "\u0080",
          "\u0085",
          "\u00a0",
          "\u00c3\u00bc",
          "\u00ff",
          "http://",
          "HTTP/1.0",
          "HTTP/1.1",
          "chunked",
          "Host: ",
          "u:p@",
          "[::1]",
          "[v1.a]",
          ":80");

  private final Random random;
  private final List<String> valid;
  private final List<String> all;

  /**
   * From these seeds, all but the first {@code valid} of which are wrong already.
   *
   * @param seed of the random numbers
   */
  Mutations(long seed, List<String> heads, int valid) {
    this.random = new Random(seed);
    this.all = heads;
    this.valid = heads.subList(0, valid);
  }

  /** The next head, Latin-1, changed in one place or more; mostly one that was valid. */
  String next() {
    String head = any(random.nextInt(8) == 0 ? all : valid);
    do {
      head = changed(head);
    } while (random.nextInt(3) == 0);
    return head;
  }

  private String changed(String head) {
    int at = random.nextInt(head.length() + 1);
    int end = Math.min(head.length(), at + 1 + random.nextInt(4));
    return switch (random.nextInt(9)) {
      case 0 -> head.substring(0, at) + (char) random.nextInt(256) + head.substring(end);
      case 1, 2 -> head.substring(0, at) + any(PIECES) + head.substring(at);
      case 3 -> head.substring(0, at) + any(PIECES) + head.substring(end);
      case 4 -> head.substring(0, at) + head.substring(end);
      case 5, 6 -> withLine(head, any(LINES));
      case 7 -> withLine(head, any(lines(any(all))));
      default -> otherCase(head, at, end);
    };
  }

  /** A further line somewhere, mostly after the request line. */
  private String withLine(String head, String line) {
    List<String> lines = lines(head);
    int from = random.nextInt(16) == 0 ? 0 : Math.min(1, lines.size() - 1);
    lines.add(random.nextInt(from, lines.size()), line);
    return String.join("\r\n", lines);
  }

  private static String otherCase(String head, int from, int to) {
    StringBuilder changed = new StringBuilder(head);
    for (int i = from; i < to; i++) {
      if (Character.isLetter(head.charAt(i)) && head.charAt(i) < 0x80) {
        changed.setCharAt(i, (char) (head.charAt(i) ^ 0x20));
      }
    }
    return changed.toString();
  }

  private static List<String> lines(String head) {
    return new ArrayList<>(List.of(head.split("\r\n", -1)));
  }

  private String any(List<String> list) {
    return list.get(random.nextInt(list.size()));
  }
}
