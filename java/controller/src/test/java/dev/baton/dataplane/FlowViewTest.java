package dev.baton.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FlowViewTest {
  private static final int SOURCE = 0xcb007109;
  private static final int DESTINATION = 0xc6336401;
  private static final int NEW_SOURCE = 0x0a000201;
  private static final int NEW_DESTINATION = 0xf0000301;

  private static final Layout KEY = Layout.key(SOURCE, 0xd431, DESTINATION, 80);

  private static Layout value(int action, int direction) {
    return new Layout(168)
        .be32(64, NEW_SOURCE)
        .be32(80, NEW_DESTINATION)
        .be16(96, 0xffff)
        .be16(98, 8080)
        .u8(100, action)
        .u8(101, direction);
  }

  private static FlowView view(Layout value) {
    return FlowView.of(KEY.segment(), value.segment());
  }

  private static String names(FlowTuple t) {
    return "client %08x:%d listener %08x:%d own %08x:%d target %08x:%d"
        .formatted(
            t.client.v4(),
            t.clientPort,
            t.listener.v4(),
            t.listenerPort,
            t.own.v4(),
            t.ownPort,
            t.target.v4(),
            t.targetPort);
  }

  @Test
  void towardsTheTargetTheKeyIsTheClientsSide() {
    FlowView view = view(value(2, 1));
    assertThat(view.toTarget()).isTrue();
    assertThat(view.pending()).isFalse();
    assertThat(names(view.tuple()))
        .isEqualTo(
            "client cb007109:54321 listener c6336401:80 own 0a000201:65535 target f0000301:8080");
  }

  @Test
  void towardsTheClientTheKeyIsTheTargetsSide() {
    FlowView view = view(value(1, 2));
    assertThat(view.toTarget()).isFalse();
    assertThat(view.pending()).isTrue();
    assertThat(names(view.tuple()))
        .isEqualTo(
            "client f0000301:8080 listener 0a000201:65535 own c6336401:80 target cb007109:54321");
  }

  @Test
  void everyOtherFieldIsWhereTheHeaderHasIt() {
    FlowView view =
        view(
            value(2, 1)
                .u64(0, 0x1112131415161718L)
                .u64(8, 0x2122232425262728L)
                .u64(16, 0x3132333435363738L)
                .u32(24, 0x41424344)
                .u32(28, 0x51525354)
                .u32(52, 1)
                .u32(112, 0x01000000)
                .u32(128, 0x71727374)
                .u32(136, 0x61626364)
                .u64(144, 0x0112131415161718L)
                .u64(152, 0x0212131415161718L));
    assertThat(view.lastSeen()).isEqualTo(0x1112131415161718L);
    assertThat(view.packets()).isEqualTo(0x2122232425262728L);
    assertThat(view.bytes()).isEqualTo(0x3132333435363738L);
    assertThat(view.sequenceNext()).as("seq_end and seq_add").isEqualTo(0x42424344);
    assertThat(view.acknowledged()).isEqualTo(0x51525354);
    assertThat(view.instance()).isEqualTo(0x61626364);
    assertThat(view.expires()).isEqualTo(0x0112131415161718L);
    assertThat(view.created()).isEqualTo(0x0212131415161718L);
    assertThat(view.flags()).isEqualTo(1);
    assertThat(view.lastUse()).as("the later of both").isEqualTo(0x1112131415161718L);
  }

  /** Nothing has passed, so seq_end says nothing; a reset needs a number all the same. */
  @Test
  void beforeTheFirstSegmentTheStartIsNext() {
    FlowView view = view(value(2, 1).u32(24, 0x41424344).u32(128, -1).u32(112, 3).u64(152, 9));
    assertThat(view.sequenceNext()).isEqualTo(2);
    assertThat(view.lastUse()).as("when it was made").isEqualTo(9);
  }

  @ParameterizedTest(name = "{0}: {4}")
  @CsvSource({
    "0,   false, false, false, fresh",
    "1,   false, false, false, segments have passed",
    "2,   true,  false, false, this side has sent its FIN",
    "4,   true,  false, false, the other side has",
    "6,   false, false, false, both have and the last ACK is missing",
    "15,  false, false, false, and this side has acknowledged",
    "143, false, true,  false, closed in order",
    "16,  true,  false, true,  a RST that may have counted",
    "144, true,  true,  true,  reset",
    "146, true,  true,  true,  reset after one FIN",
    "128, false, true,  false, reset by the other side"
  })
  void flags(int flags, boolean halfOpen, boolean closed, boolean reset, String why) {
    FlowView view = view(value(2, 2).u32(52, flags));
    assertThat(view.halfOpen()).as(why).isEqualTo(halfOpen);
    assertThat(view.closed()).as(why).isEqualTo(closed);
    assertThat(view.reset()).as(why).isEqualTo(reset);
  }
}
