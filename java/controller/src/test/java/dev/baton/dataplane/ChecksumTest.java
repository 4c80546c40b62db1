package dev.baton.dataplane;

import static dev.baton.dataplane.IcmpError.about;
import static dev.baton.dataplane.IcmpError.between;
import static dev.baton.dataplane.Options.nop;
import static dev.baton.dataplane.Options.timestamps;
import static dev.baton.dataplane.Packet.fromClient;
import static dev.baton.dataplane.Packet.fromTarget;
import static dev.baton.dataplane.Packet.toTarget;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.dataplane.IcmpError.Kind;
import dev.baton.dataplane.TestBed.Outcome;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** Checksums, updated by the difference, against frames written out and against the full sum. */
@BothFamilies
class ChecksumTest extends ProgramTest {
  private static final int EINVAL = 22;

  /** The frame of the family that is spoken. */
  private byte[] hex(String v4, String v6) {
    String text = family == Family.V4 ? v4 : v6;
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

  private static final String FROM_CLIENT_V6 =
      """
      02000000000102000000000286dd
      6000123400230640
      20010db839cc9bf86c80f8c6c6336407
      20010db834ff8efe0e203960cb007101
      9c4100501000000020000000801803e8f1640000
      0101080a1122334455667788474554
      """;

  private static final String TO_TARGET =
      """
      0200000000010200000000020800
      45000037123440003f06158b0a0000010a000002
      75311f90900000017000000380180fa0fd260000
      0101080a1222334455668b10474554
      """;

  private static final String TO_TARGET_V6 =
      """
      02000000000102000000000286dd
      600012340023063f
      20010db8f5fffffe000021400a000001
      20010db8f5fffffd000041400a000002
      75311f90900000017000000380180fa053370000
      0101080a1222334455668b10474554
      """;

  private static final String FROM_TARGET =
      """
      0200000000010200000000020800
      45b9002a12344000400613df0a0000020a000001
      1f9075317000000390000001501003e8b3d60000
      4f4b
      """;

  private static final String FROM_TARGET_V6 =
      """
      02000000000102000000000286dd
      6b90123400160640
      20010db8f5fffffd000041400a000002
      20010db8f5fffffe000021400a000001
      1f9075317000000390000001501003e809e70000
      4f4b
      """;

  private static final String TO_CLIENT =
      """
      0200000000010200000000020800
      45b9002a123440003f06c2a4cb007101c6336407
      00509c412000000010000000501000fa2cbf0000
      4f4b
      """;

  private static final String TO_CLIENT_V6 =
      """
      02000000000102000000000286dd
      6b9012340016063f
      20010db834ff8efe0e203960cb007101
      20010db839cc9bf86c80f8c6c6336407
      00509c412000000010000000501000fa8ac20000
      4f4b
      """;

  @Test
  void aSegmentFromTheClientByteForByte() {
    Entry entry = Entry.toTarget().timestamps().windowShift(2).learned(0x01000000, 0);
    bed.put(entry);
    Packet in =
        fromClient().flags(Packet.ACK | Packet.PSH).payload((byte) 'G', (byte) 'E', (byte) 'T');
    in.options(nop(2), timestamps(0x11223344, 0x55667788));
    assertThat(in.frame(family)).isEqualTo(hex(FROM_CLIENT, FROM_CLIENT_V6));
    Outcome outcome = bed.arrives(in);
    assertThat(outcome.frame()).isEqualTo(hex(TO_TARGET, TO_TARGET_V6));
    if (family == Family.V4) {
      assertThat(Checksums.ofIp(outcome.frame())).isEqualTo(0x158b);
    }
    assertThat(Checksums.ofTcp(outcome.frame())).isEqualTo(family == Family.V4 ? 0xfd26 : 0x5337);
  }

  @Test
  void aSegmentFromTheTargetByteForByte() {
    bed.put(Entry.toClient().windowShift(-2));
    Packet in = fromTarget().tos(0xb9).payload((byte) 'O', (byte) 'K');
    assertThat(in.frame(family)).isEqualTo(hex(FROM_TARGET, FROM_TARGET_V6));
    Outcome outcome = bed.arrives(in);
    assertThat(outcome.frame()).isEqualTo(hex(TO_CLIENT, TO_CLIENT_V6));
    if (family == Family.V4) {
      assertThat(Checksums.ofIp(outcome.frame())).isEqualTo(0xc2a4);
    }
    assertThat(Checksums.ofTcp(outcome.frame())).isEqualTo(family == Family.V4 ? 0x2cbf : 0x8ac2);
  }

  @Test
  void theJudgeSeesDamage() {
    byte[] frame = fromClient().payload(7).frame(family);
    assertThat(Checksums.tcpIsRight(frame)).isTrue();
    frame[frame.length - 1] ^= 1;
    assertThat(Checksums.tcpIsRight(frame)).isFalse();
    if (family == Family.V4) {
      assertThat(Checksums.ipIsRight(frame)).isTrue();
      frame[14 + 8] ^= 1;
      assertThat(Checksums.ipIsRight(frame)).isFalse();
    }
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
    assumeTrue(family == Family.V4, "IPv6 headers have no checksum");
    bed.put(Entry.toTarget(), Entry.toClient());
    for (int id = 0; id <= 0xffff; id += 1) {
      byte[] out = bed.forward((id % 2 == 0 ? fromClient() : fromTarget()).id(id));
      assertThat(Checksums.ipIsRight(out)).as("identification %04x", id).isTrue();
    }
  }

  @Test
  void whatStandsBehindAnIcmpErrorIsNotOfIt() {
    bed.put(Entry.toTarget(), Entry.toClient());
    Kind kind = Kind.HOST_UNREACHABLE;
    byte[] in = about(toTarget().payload(9), kind).quotes(8).frame(family);
    byte[] out =
        between(Packet.LISTENER, Packet.CLIENT, kind, fromClient().payload(9).ttl(63))
            .quotes(8)
            .ttl(63)
            .frame(family);
    for (int trailer = 1; trailer < 20; trailer++) {
      byte[] padded = Arrays.copyOf(in, in.length + trailer);
      Arrays.fill(padded, in.length, padded.length, (byte) 0x5a);
      byte[] expected = Arrays.copyOf(out, padded.length);
      Arrays.fill(expected, out.length, expected.length, (byte) 0x5a);
      assertThat(bed.arrives(padded).frame()).as("%d bytes", trailer).isEqualTo(expected);
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
