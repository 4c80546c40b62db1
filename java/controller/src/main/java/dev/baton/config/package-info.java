/** What baton.yaml says, and YAML that knows its line numbers. */
@org.jspecify.annotations.NullMarked
package dev.baton.config;
