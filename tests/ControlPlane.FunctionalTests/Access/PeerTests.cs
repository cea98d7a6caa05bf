using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.FunctionalTests.Access;

/// <summary>Users of this host on the unix socket of a daemon that is a process of its own: curl runs as another user.</summary>
public sealed class PeerTests(PeerTests.Setup setup) : IClassFixture<PeerTests.Setup>
{
    private const int Admins = 64001, Operators = 64002, Viewers = 64003, Uid = 64100;

    [Theory]
    [InlineData(0, "", "GET", "/v1/tokens", 200)]
    [InlineData(Uid, "", "GET", "/v1/host", 403, "has no role")]
    [InlineData(Uid, "", "GET", "/readyz", 200)]
    [InlineData(Uid, "64003", "GET", "/v1/host", 200)]
    [InlineData(Uid, "64003", "DELETE", "/v1/devmaps/default/entries/nothing", 403, "needs the role operator")]
    [InlineData(Uid, "64002", "DELETE", "/v1/devmaps/default/entries/nothing", 404)]
    [InlineData(Uid, "64002", "DELETE", "/v1/programs/nothing", 403, "needs the role admin")]
    [InlineData(Uid, "64001", "DELETE", "/v1/programs/nothing", 404)]
    [InlineData(Uid, "64003,64002", "DELETE", "/v1/devmaps/default/entries/nothing", 404)]
    public async Task User_HasTheRoleOfItsGroups(int uid, string groups, string method, string path, int status, string? text = null)
    {
        var (found, body) = await setup.CurlAsync(uid, uid, groups, "-X", method, $"http://localhost{path}");
        Assert.True(status == found, body);
        if (text is not null)
            Assert.Contains(text, body, StringComparison.Ordinal);
        if (status == 403)
            Assert.Contains($"uid {uid}, gid {uid}, pid ", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PrimaryGroup_Counts() =>
        Assert.Equal(200, (await setup.CurlAsync(Uid, Viewers, "", "http://localhost/v1/host")).Status);

    [Fact]
    public async Task ManyGroups_AreAllSeen()
    {
        var groups = string.Join(',', Enumerable.Range(70_000, 200).Select(g => g.ToString(CultureInfo.InvariantCulture)).Append("64001"));
        Assert.Equal(200, (await setup.CurlAsync(Uid, Uid, groups, "http://localhost/v1/tokens")).Status);
    }

    [Fact]
    public async Task Change_IsLoggedInOneLine_WithWhoFromWhereAndRequest()
    {
        string[] put = ["-X", "PUT", "-H", "X-Request-Id: by-peer", "-H", "content-type: application/json", "-d", """{"interface":"lo"}""", "http://localhost/v1/devmaps/default/entries/lo"];
        Assert.Equal(201, (await setup.CurlAsync(Uid, Uid, "64002", put)).Status);
        Assert.Equal(200, (await setup.CurlAsync(Uid, Uid, "64002", put)).Status); // changes nothing
        var token = await setup.Daemon.CreateTokenAsync("attributed", "operator");
        using var http = UnixHttp.Connect(setup.Daemon.Rest, token);
        http.DefaultRequestHeaders.Add("X-Request-Id", "by-token");
        (await http.DeleteAsync("/v1/devmaps/default/entries/lo")).EnsureSuccessStatusCode();

        await Eventually.Async(() => setup.Daemon.Log.Any(l => l.Contains("\"by-token\"", StringComparison.Ordinal)), what: "the changes are logged");
        var lines = setup.Daemon.Log.Select(l => JsonNode.Parse(l)!).ToList();
        var byPeer = Assert.Single(lines, l => (string?)l["RequestId"] == "by-peer");
        Assert.Matches($@"^put devmaps/default/entries/lo, revision \d+, by uid {Uid}, gid {Uid}, pid \d+ \(curl\), from unix$", (string?)byPeer["@m"]);
        Assert.Null(byPeer["@l"]); // Information
        var byToken = Assert.Single(lines, l => (string?)l["RequestId"] == "by-token");
        Assert.Matches(@"^delete devmaps/default/entries/lo, revision \d+, by token attributed, from 127\.0\.0\.1:\d+$", (string?)byToken["@m"]);
        Assert.DoesNotContain(setup.Daemon.Log, l => l.Contains(token[8..], StringComparison.Ordinal));
    }

    [Fact]
    public async Task TokenCommand_WorksOverTheUnixSocket()
    {
        var socket = $"--ControlPlane:Listen:UnixSocket={setup.Daemon.UnixSocket}";
        var (code, secret, _) = await Setup.DevmapdAsync("token", "create", "by-command", "--role", "operator", "--expires", "12h", "--keys", "default:a-b", "--owner", "cni", socket);
        Assert.Equal(0, code);
        Assert.Matches("^devmapd_[A-Za-z0-9_-]{43}\n$", secret);
        var (_, list, _) = await Setup.DevmapdAsync("token", "list", socket);
        Assert.Contains("by-command  operator  Active  until ", list, StringComparison.Ordinal);
        Assert.Contains("\"keyRanges\":[{\"devmap\":\"default\",\"from\":\"a\",\"to\":\"b\"}]", list, StringComparison.Ordinal);
        Assert.Equal((64, ""), Result(await Setup.DevmapdAsync("token", "create", "by-command", "--role", "viewer", socket)));
        Assert.Equal((0, ""), Result(await Setup.DevmapdAsync("token", "delete", "by-command", socket)));
        Assert.Equal((64, ""), Result(await Setup.DevmapdAsync("token", "delete", "by-command", socket)));
        Assert.Equal((64, ""), Result(await Setup.DevmapdAsync("token", "create", "x", "--role", "operator", "--keys", "wrong", socket)));
        var (refused, _, error) = await Setup.DevmapdAsync("token", "list", "--ControlPlane:Listen:UnixSocket=/nowhere/devmapd.sock");
        Assert.Equal(69, refused);
        Assert.Contains("/nowhere/devmapd.sock", error, StringComparison.Ordinal);

        static (int, string) Result((int Code, string Output, string Error) run) => (run.Code, run.Output);
    }

    /// <summary>A daemon whose socket others can reach: the kernel then says who they are.</summary>
    public sealed class Setup : IAsyncLifetime
    {
        public DaemonProcess Daemon { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Daemon = await DaemonProcess.StartReadyAsync(
                "--simulate", $"--ControlPlane:Access:AdminGroup={Admins}", $"--ControlPlane:Access:OperatorGroup={Operators}", $"--ControlPlane:Access:ViewerGroup={Viewers}");
            File.SetUnixFileMode(Path.GetDirectoryName(Daemon.Folder)!, (UnixFileMode)0b111_001_001);
            File.SetUnixFileMode(Daemon.Folder, (UnixFileMode)0b111_101_101);
            File.SetUnixFileMode(Daemon.UnixSocket, (UnixFileMode)0b110_110_110);
        }

        public async Task DisposeAsync() => await Daemon.DisposeAsync();

        /// <summary>Runs curl as a user, and returns status and body.</summary>
        internal async Task<(int Status, string Body)> CurlAsync(int uid, int gid, string groups, params string[] arguments)
        {
            string[] command =
            [
                $"--reuid={uid}", $"--regid={gid}", groups.Length == 0 ? "--clear-groups" : $"--groups={groups}", "--",
                "curl", "-sS", "--unix-socket", Daemon.UnixSocket, "-w", "\n%{http_code}", .. arguments,
            ];
            var (_, output, error) = await RunAsync("setpriv", command);
            var end = output.LastIndexOf('\n');
            Assert.True(end > 0, error);
            return (int.Parse(output[(end + 1)..], CultureInfo.InvariantCulture), output[..end]);
        }

        /// <summary>Runs a command of devmapd.</summary>
        internal static Task<(int Code, string Output, string Error)> DevmapdAsync(params string[] arguments) =>
            RunAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "devmapd.dll"), .. arguments]);

        private static async Task<(int Code, string Output, string Error)> RunAsync(string program, string[] arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEndAsync();
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.Deadline());
            await process.WaitForExitAsync(TestContext.Deadline());
            return (process.ExitCode, output, await error);
        }
    }
}
