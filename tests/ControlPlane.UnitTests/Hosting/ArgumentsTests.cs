using ControlPlane.Daemon.Hosting;

namespace ControlPlane.UnitTests.Hosting;

public sealed class ArgumentsTests
{
    [Fact]
    public void Settings_AndFlags_AreRead()
    {
        var arguments = Arguments.Parse(["--simulate", "--config", "/etc/a.json", "--ControlPlane:Listen:Rest=http://127.0.0.1:1", "--Serilog:MinimumLevel:Default=Debug"]);

        Assert.True(arguments.Simulate);
        Assert.Equal("/etc/a.json", arguments.SettingsFile);
        Assert.Equal("http://127.0.0.1:1", arguments.Settings["controlplane:listen:rest"]);
        Assert.Equal("Debug", arguments.Settings["Serilog:MinimumLevel:Default"]);
        Assert.Null(arguments.Answer);
    }

    [Fact]
    public void UnknownArguments_AreAllNamed()
    {
        string[] unknown = ["--simulat", "run", "--config", "--ControlPlane=1", "--Other:Key=1", "--ControlPlane:PinRoot"];

        foreach (var argument in unknown)
            Assert.Equal(ExitCodes.Usage, Assert.Throws<StartRefusedException>(() => Arguments.Parse([argument])).ExitCode);
        var refusal = Assert.Throws<StartRefusedException>(() => Arguments.Parse(["one", "--simulate", "two"]));
        Assert.Contains("'one'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("'two'", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", DaemonTask.Serve)]
    [InlineData("--check-store", DaemonTask.CheckStore)]
    [InlineData("--teardown", DaemonTask.Teardown)]
    [InlineData("--with-store --teardown", DaemonTask.TeardownWithStore)]
    [InlineData("--teardown --check-store", null)]
    [InlineData("--simulate --teardown", null)]
    [InlineData("--with-store", null)]
    public void Tasks_AreReadAndNotMixed(string line, object? task)
    {
        var args = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (task is null)
            Assert.Equal(ExitCodes.Usage, Assert.Throws<StartRefusedException>(() => Arguments.Parse(args)).ExitCode);
        else
            Assert.Equal(task, Arguments.Parse(args).Task);
    }

    [Theory]
    [InlineData("--help", "Usage: devmapd")]
    [InlineData("-h", "Usage: devmapd")]
    [InlineData("--version", "devmapd 0.1.0")]
    public void Question_IsAnsweredInsteadOfARun(string argument, string answer) =>
        Assert.StartsWith(answer, Arguments.Parse([argument]).Answer, StringComparison.Ordinal);
}
