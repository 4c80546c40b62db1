# For Baton's commands and tests.
JAVA_HOME=/usr/lib/jvm/java-25-openjdk-amd64
export JAVA_HOME
if [ "$(systemd-detect-virt)" != kvm ]; then # emulated: ten and more times slower
  BATON_LAB_PATIENCE=10
  BATON_JAVA_OPTS=-XX:TieredStopAtLevel=1
  export BATON_LAB_PATIENCE BATON_JAVA_OPTS
fi
