package dev.baton.dataplane;

import static dev.baton.dataplane.Options.nop;
import static dev.baton.dataplane.Options.timestamps;
import static dev.baton.dataplane.Packet.fromClient;
import static dev.baton.dataplane.Packet.fromTarget;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.dataplane.TestBed.Outcome;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** Checksums, updated by the difference, against frames written out and against the full sum. */
class ChecksumTest extends ProgramTest {
  private static final int EINVAL = 22;

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replaceAll("\\s", ""));
  }

  /** Computed by another program altogether, so that builder and judge cannot err together. */
  private static final String FROM_CLIENT =
      """
      0200000000010200000000020800
      45000037123440004006c250c6336407cb007101
      9c4100501000000020000000801803e893610000
      0101080a1122334455667788474554
      """;

  private static final String TO_TARGET =
      """
      0200000000010200000000020800
      45000037123440003f06158b0a0000010a000002
      75311f90900000017000000380180fa0fd260000
      0101080a1222334455668b10474554
      """;

  private static final String FROM_TARGET =
      """
      0200000000010200000000020800
      45b9002a12344000400613df0a0000020a000001
      1f9075317000000390000001501003e8b3d60000
      4f4b
      """;

  private static final String TO_CLIENT =
      """
      0200000000010200000000020800
      45b9002a123440003f06c2a4cb007101c6336407
      00509c412000000010000000501000fa2cbf0000
      4f4b
      """;

  @Test
  void aSegmentFromTheClientByteForByte() {
    Entry entry = Entry.toTarget().timestamps().windowShift(2).learned(0x01000000, 0);
    bed.put(entry);
    Packet in =
        fromClient().flags(Packet.ACK | Packet.PSH).payload((byte) 'G', (byte) 'E', (byte) 'T');
    in.options(nop(2), timestamps(0x11223344, 0x55667788));
    assertThat(in.frame()).isEqualTo(hex(FROM_CLIENT));
    Outcome outcome = bed.arrives(in);
    assertThat(outcome.frame()).isEqualTo(hex(TO_TARGET));
    assertThat(Checksums.ofIp(outcome.frame())).isEqualTo(0x158b);
    assertThat(Checksums.ofTcp(outcome.frame())).isEqualTo(0xfd26);
  }

  @Test
  void aSegmentFromTheTargetByteForByte() {
    bed.put(Entry.toClient().windowShift(-2));
    Packet in = fromTarget().tos(0xb9).payload((byte) 'O', (byte) 'K');
    assertThat(in.frame()).isEqualTo(hex(FROM_TARGET));
    Outcome outcome = bed.arrives(in);
    assertThat(outcome.frame()).isEqualTo(hex(TO_CLIENT));
    assertThat(Checksums.ofIp(outcome.frame())).isEqualTo(0xc2a4);
    assertThat(Checksums.ofTcp(outcome.frame())).isEqualTo(0x2cbf);
  }

  @Test
  void theJudgeSeesDamage() {
    byte[] frame = fromClient().payload(7).frame();
    assertThat(Checksums.ipIsRight(frame)).isTrue();
    assertThat(Checksums.tcpIsRight(frame)).isTrue();
    frame[frame.length - 1] ^= 1;
    frame[14 + 8] ^= 1;
    assertThat(Checksums.ipIsRight(frame)).isFalse();
    assertThat(Checksums.tcpIsRight(frame)).isFalse();
  }

  @Test
  void everyValueOfTheTcpChecksumComesOutRight() {
    // Two bytes of payload drive the checksum through all its values, 0 and 0xffff among them.
    bed.put(Entry.toTarget(), Entry.toClient());
    for (int word = 0; word <= 0xffff; word += 1) {
      Packet in = word % 2 == 0 ? fromClient() : fromTarget();
      byte[] out = bed.forward(in.payload((byte) (word >> 8), (byte) word));
      assertThat(Checksums.tcpIsRight(out)).as("payload %04x", word).isTrue();
    }
  }

  @Test
  void everyValueOfTheIpChecksumComesOutRight() {
    bed.put(Entry.toTarget(), Entry.toClient());
    for (int id = 0; id <= 0xffff; id += 1) {
      byte[] out = bed.forward((id % 2 == 0 ? fromClient() : fromTarget()).id(id));
      assertThat(Checksums.ipIsRight(out)).as("identification %04x", id).isTrue();
    }
  }

  @Test
  void aSumThatTheNetworkCardTookStaysRight() {
    bed.put(Entry.toTarget().timestamps().windowShift(3).learned(99, 0));
    bed.put(Entry.toClient().windowShift(-3));
    int probe = bed.arrivesSummed(fromClient());
    assumeTrue(probe != -EINVAL, "needs Linux 6.11 (BPF_F_TEST_SKB_CHECKSUM_COMPLETE)");
    assertThat(probe).isZero();
    for (int length = 0; length < 200; length++) {
      byte[] options = timestamps(0xffff_ffffL - length, length);
      assertThat(bed.arrivesSummed(fromClient().payload(length).options(nop(2), options)))
          .as("client, %d bytes", length)
          .isZero();
      assertThat(bed.arrivesSummed(fromTarget().payload(length)))
          .as("target, %d bytes", length)
          .isZero();
    }
  }
}
