using ControlPlane.Daemon.Cli;
using ControlPlane.Daemon.Hosting;

namespace ControlPlane.UnitTests.Hosting;

public sealed class CommandLineTests
{
    [Fact]
    public void Settings_AndOptions_AreRead()
    {
        var arguments = CommandLine.Parse(
            ["--simulate", "--config", "/etc/a.json", "--ControlPlane:Listen:Rest=http://127.0.0.1:1", "--Serilog:MinimumLevel:Default=Debug"]).Arguments;

        Assert.True(arguments.Simulate);
        Assert.Equal("/etc/a.json", arguments.SettingsFile);
        Assert.Equal("http://127.0.0.1:1", arguments.Settings["controlplane:listen:rest"]);
        Assert.Equal("Debug", arguments.Settings["Serilog:MinimumLevel:Default"]);
    }

    [Theory]
    [InlineData("--simulat")]
    [InlineData("start")]
    [InlineData("--config")]
    [InlineData("--ControlPlane=1")]
    [InlineData("--Other:Key=1")]
    [InlineData("--ControlPlane:PinRoot")]
    [InlineData("--check-store")]
    [InlineData("@file")]
    [InlineData("[suggest]")]
    public void UnknownArgument_IsNamed(string argument)
    {
        var refusal = Assert.Throws<StartRefusedException>(() => CommandLine.Parse([argument]));

        Assert.Equal(ExitCodes.Usage, refusal.ExitCode);
        Assert.Contains($"'{argument}'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UnknownArguments_AreAllNamed()
    {
        var refusal = Assert.Throws<StartRefusedException>(() => CommandLine.Parse(["one", "--simulate", "two"]));

        Assert.Contains("'one'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("'two'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("devmapd --help", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "run")]
    [InlineData("run", "run")]
    [InlineData("--simulate", "run")]
    [InlineData("run --simulate", "run")]
    [InlineData("--simulate run", "run")]
    [InlineData("check-store", "check-store")]
    [InlineData("--ControlPlane:StateDirectory=/s check-store --config /c", "check-store")]
    [InlineData("teardown", "teardown")]
    [InlineData("token list", "list")]
    [InlineData("token create ci --role operator --devmap default --keys default:a-b", "create")]
    [InlineData("token delete ci --ControlPlane:Listen:UnixSocket=/s", "delete")]
    [InlineData("teardown --with-store --ControlPlane:PinRoot=/p", "teardown")]
    public void Command_IsTheOneNamed_OrRun(string line, string command) => Assert.Equal(command, Parse(line).Command!.Name);

    [Theory]
    [InlineData("teardown check-store", "check-store")]
    [InlineData("teardown --simulate", "--simulate")]
    [InlineData("--simulate teardown", "--simulate")]
    [InlineData("--with-store", "--with-store")]
    [InlineData("--with-store teardown", "--with-store")]
    [InlineData("run --with-store", "--with-store")]
    public void Option_OfAnotherCommand_IsRefused(string line, string named)
    {
        var refusal = Assert.Throws<StartRefusedException>(() => Parse(line));

        Assert.Equal(ExitCodes.Usage, refusal.ExitCode);
        Assert.Contains($"'{named}'", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help", "devmapd [command] [options]", "--simulate", "--config <FILE>", "check-store", "teardown", "--ControlPlane:KEY=VALUE")]
    [InlineData("-h", "devmapd [command] [options]")]
    [InlineData("teardown --help", "devmapd teardown [options]", "--with-store", "--config <FILE>", "--ControlPlane:KEY=VALUE")]
    [InlineData("--version", "devmapd 0.1.0")]
    public void Question_IsAnsweredInsteadOfARun(string line, params string[] answers)
    {
        var call = Parse(line);
        using var output = new StringWriter();
        call.Options.InvocationConfiguration.Output = output;

        Assert.Null(call.Command);
        Assert.Equal(ExitCodes.Ok, call.Options.Invoke(call.Options.InvocationConfiguration));
        Assert.All(answers, answer => Assert.Contains(answer, output.ToString(), StringComparison.Ordinal));
    }

    private static CommandCall Parse(string line) => CommandLine.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
