package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Beside a stateful host firewall on the DMZ node. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class FirewallTest {
  private static final String STATEFUL =
      """
      table inet host {
        chain input {
          type filter hook input priority filter; policy drop;
          ct state invalid drop
          iif lo accept
          ct state established,related,untracked accept
        }
        chain output {
          type filter hook output priority filter; policy accept;
          ct state invalid drop
          ct state new accept
        }
        chain forward {
          type filter hook forward priority filter; policy drop;
          ct state invalid drop
        }
      }
      """;

  @Test
  void aThousandHandoffsLeaveNoConnectionTrackingEntry(Scene scene) {
    scene.lab.dmz().nft(STATEFUL);
    String out =
        scene
            .lab
            .client()
            .run(
                Duration.ofMinutes(3),
                "sh",
                "-c",
                """
                seq 1000 | xargs -P 20 -I+ sh -c '
                  curl -q -sSf --noproxy "*" --connect-timeout 5 --max-time 20 --resolve www.example.com:80:10.0.1.1 \
                    -o /dev/null -w "%{http_code} %{size_download}\\n" http://www.example.com/1k || exit 255
                ' | sort | uniq -c
                """)
            .orThrow();
    assertThat(out.strip()).isEqualTo("1000 200 1000");
    assertThat(scene.lab.dmz().sh("conntrack -L 2>/dev/null | grep -E 'dport=80|sport=80' || true"))
        .isBlank();
    // The firewall does track: what is not Baton's shows up.
    scene
        .lab
        .dmz()
        .run(
            Duration.ofSeconds(5),
            "curl",
            "-q",
            "-s",
            "--noproxy",
            "*",
            "-m",
            "2",
            "http://10.0.2.99:81/"); // nobody there: the entry waits for an answer
    assertThat(scene.lab.dmz().sh("conntrack -L 2>/dev/null")).contains("dport=81");
  }
}
