package dev.baton.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TargetEventTest {
  private static final Layout KEY = Layout.key(0xc0a80301, 0xfff0, 0xf0000201, 10_000);

  private static Layout event() {
    return new Layout(88)
        .u64(0, 1)
        .put(8, KEY)
        .u32(48, 5)
        .u32(52, 0x61626364)
        .u32(56, 77)
        .u32(60, 0xf1020304)
        .u32(64, 0xf1121314)
        .u32(68, 0xf1222324)
        .u32(72, 0xf1323334)
        .u16(76, 0xfffe)
        .u16(78, 0xfffd)
        .u8(80, 15)
        .u8(81, 0xd2)
        .u8(82, 1)
        .u8(83, 1)
        .u32(84, 2);
  }

  @Test
  void everyFieldIsWhereTheHeaderHasIt() {
    TargetEvent event = new TargetEvent().over(event().segment());
    assertThat(event.type()).isEqualTo(5);
    assertThat(event.instance()).isEqualTo(0x61626364);
    assertThat(event.slot()).isEqualTo(77);
    assertThat(event.sequence()).isEqualTo(0xf1020304);
    assertThat(event.acknowledgment()).isEqualTo(0xf1121314);
    assertThat(event.tsval()).isEqualTo(0xf1222324);
    assertThat(event.window()).as("unsigned").isEqualTo(0xfffe);
    assertThat(event.mss()).as("unsigned").isEqualTo(0xfffd);
    assertThat(event.windowScale()).isEqualTo(15);
    assertThat(event.flags()).as("unsigned").isEqualTo(0xd2);
    assertThat(event.timestamps()).isTrue();
    assertThat(event.fromTarget()).isTrue();
  }

  @Test
  void tupleIsTheTargetsAndOurs() {
    FlowTuple t = new FlowTuple();
    t.client.setV4(1);
    new TargetEvent().over(event().segment()).into(t);
    assertThat(t.target.v4()).isEqualTo(0xc0a80301);
    assertThat(t.targetPort).isEqualTo(0xfff0);
    assertThat(t.own.v4()).isEqualTo(0xf0000201);
    assertThat(t.ownPort).isEqualTo(10_000);
    assertThat(t.client.v4()).as("not the event's to say").isEqualTo(1);
  }

  @Test
  void tupleOfIpv6() {
    Layout event =
        event()
            .be32(8, 0xfd000000)
            .be32(12, 2)
            .be32(16, 0x80000001)
            .be32(20, 0xb)
            .be32(24, 0xfd000000)
            .be32(36, 1)
            .u8(44, 10);
    FlowTuple t = new FlowTuple();
    new TargetEvent().over(event.segment()).into(t);
    assertThat(t.target.withPort(t.targetPort)).isEqualTo("[fd00::2:8000:1:0:b]:65520");
    assertThat(t.own.withPort(t.ownPort)).isEqualTo("[fd00::1]:10000");
  }

  @ParameterizedTest(name = "{0}: {2}")
  @CsvSource({"1, false, the client sent it", "2, true, the target sent it"})
  void direction(int direction, boolean fromTarget, String why) {
    TargetEvent event = new TargetEvent().over(event().u32(84, direction).segment());
    assertThat(event.fromTarget()).as(why).isEqualTo(fromTarget);
  }

  @Test
  void oneReaderLooksAtOneEventAfterTheOther() {
    TargetEvent event = new TargetEvent();
    assertThat(event.over(event().segment()).timestamps()).isTrue();
    assertThat(event.over(event().u8(82, 0).segment()).timestamps()).isFalse();
  }
}
