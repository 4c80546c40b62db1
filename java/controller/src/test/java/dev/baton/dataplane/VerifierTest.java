package dev.baton.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bpf.BpfException;
import dev.baton.bpf.BpfObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What this kernel's verifier does with each program. Its log is kept in the folder that the
 * environment's {@code BATON_VM_RESULTS} names.
 */
class VerifierTest {
  private static final int ALL = 1 | 4;
  private static final int SUMS = 4;
  private static final int CAPACITY = 0xff_ffff;

  /** The kernel's own limit is a million. */
  private static final int MOST = 200_000;

  private static final Pattern PROCESSED = Pattern.compile("processed (\\d+) insns");

  @BeforeAll
  static void needs() {
    Needs.bpf();
  }

  @ParameterizedTest
  @CsvSource({
    "baton_tc.bpf.o, baton_ingress",
    "baton_tc.bpf.o, baton_guard",
    "baton_xdp.bpf.o, baton_xdp",
  })
  void aProgramIsFarFromTheVerifiersLimits(String file, String program) throws IOException {
    String log;
    try {
      log = log(file, program, ALL);
    } catch (BpfException tooLong) {
      log = log(file, program, SUMS);
    }
    Matcher matcher = PROCESSED.matcher(log);
    assertThat(matcher.find()).as("the sums in the log").isTrue();
    assertThat(Integer.parseInt(matcher.group(1))).as(program).isLessThan(MOST);
    String results = System.getenv("BATON_VM_RESULTS");
    if (results != null) {
      Path folder = Files.createDirectories(Path.of(results, "verifier"));
      Files.writeString(folder.resolve(program + ".log"), log);
    }
  }

  private static String log(String file, String program, int level) {
    try (BpfObject object = BpfObject.open(DataPath.read("/dev/baton/bpf/" + file), "verified")) {
      object.keepVerifierLog(program, level, CAPACITY);
      object.load();
      return object.verifierLog(program);
    }
  }
}
