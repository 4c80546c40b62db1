package dev.baton;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.lang.foreign.Linker;

@AnalyzeClasses(packages = "dev.baton", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
  @ArchTest
  static final ArchRule nativeCallsAreMadeBelowTheLine =
      noClasses()
          .that()
          .resideOutsideOfPackages("dev.baton.bindings..", "dev.baton.bpf..", "dev.baton.net..")
          .should()
          .dependOnClassesThat()
          .areAssignableTo(Linker.class);

  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      slices().matching("dev.baton.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule whatIsPureStaysPure =
      noClasses()
          .that()
          .resideInAnyPackage(
              "dev.baton.head..",
              "dev.baton.http..",
              "dev.baton.http2..",
              "dev.baton.tls..",
              "dev.baton.front..",
              "dev.baton.directory..",
              "dev.baton.config..",
              "dev.baton.address..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.baton.net..",
              "dev.baton.handoff..",
              "dev.baton.dataplane..",
              "dev.baton.bpf..",
              "dev.baton.bindings..",
              "dev.baton.cli..");

  @ArchTest
  static final ArchRule parsersKnowNothingOfFilesAndDatabases =
      noClasses()
          .that()
          .resideInAnyPackage(
              "dev.baton.head..", "dev.baton.http..", "dev.baton.http2..", "dev.baton.tls..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("java.sql..", "java.nio.file..", "dev.baton.config..");

  private ArchitectureTest() {}
}
