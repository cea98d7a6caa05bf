using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Daemon.Hosting;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Systemd;

namespace ControlPlane.FunctionalTests.Hosting;

/// <summary>The daemon notices problems of its own parts, and reports to the watchdog of systemd.</summary>
public sealed class HealthPartTests
{
    [Fact]
    public async Task UnixSocket_IsRemoved_IsAProblemOfTheListeners()
    {
        await using var daemon = await DaemonProcess.StartReadyAsync("--simulate");
        using var client = new HttpClient { BaseAddress = daemon.Rest };
        client.DefaultRequestHeaders.Authorization = new("Bearer", await daemon.CreateTokenAsync("health", "viewer"));
        File.Delete(daemon.UnixSocket);

        await UntilAsync(client, "listeners", text => text.Contains("was removed", StringComparison.Ordinal));
        Assert.Contains("devmapd_part_works{part=\"listeners\"} 0", await client.GetStringAsync(new Uri("/metrics", UriKind.Relative)), StringComparison.Ordinal);
        Assert.Contains("devmapd_part_works{part=\"store\"} 1", await client.GetStringAsync(new Uri("/metrics", UriKind.Relative)), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri("/readyz", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task Watchdog_IsFed_UntilTheDaemonHangs()
    {
        using var home = new TemporaryFolder();
        var path = Path.Combine(home.Path, "notify");
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        systemd.Bind(new UnixDomainSocketEndPoint(path));
        await using var daemon = DaemonProcess.Start(
            ["--simulate"], environment: new Dictionary<string, string> { ["NOTIFY_SOCKET"] = path, ["WATCHDOG_USEC"] = "600000" });
        await daemon.WaitReadyAsync();
        for (var fed = 0; fed < 3;)
            fed += await ReceiveAsync(systemd) == "WATCHDOG=1" ? 1 : 0;

        await daemon.SignalAsync("STOP");
        while (systemd.Available > 0)
            await ReceiveAsync(systemd);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ReceiveAsync(systemd, TimeSpan.FromMilliseconds(600)));
        await daemon.SignalAsync("CONT");
        while (await ReceiveAsync(systemd) != "WATCHDOG=1")
        {
        }

        // The socket holds few messages. systemd always reads, so the daemon waits when it is full.
        var stopping = daemon.StopAsync();
        while (await Task.WhenAny(stopping, Task.Delay(20)) != stopping)
        {
            while (systemd.Available > 0)
                await ReceiveAsync(systemd);
        }

        Assert.Equal(0, await stopping);
    }

    [Fact]
    public async Task Watchdog_IsFed_WhileAnAuditThatRestoresPinsTakesLong()
    {
        var notifier = new CountingNotifier();
        UnpinnedKernel? kernel = null;
        await using var daemon = TestDaemon.Build(
            inner => kernel = new UnpinnedKernel(inner), services => services.AddSingleton(new Watchdog(notifier, TimeSpan.FromSeconds(3))));
        await daemon.App.StartAsync();
        using var http = UnixHttp.Connect(daemon.UnixSocket);
        using var entry = JsonContent.Create(new { @interface = "sim1" });
        (await http.PutAsync(new Uri("/v1/devmaps/default/entries/sim0", UriKind.Relative), entry)).EnsureSuccessStatusCode();
        kernel!.Unpin();
        await kernel.Reached.WaitAsync(TestContext.Deadline());

        var fed = notifier.Fed;
        await Eventually.Async(() => notifier.Fed > fed + 2, what: "the watchdog is fed while the audit goes on");
        kernel.Open();
    }

    private static async Task<string> ReceiveAsync(Socket socket, TimeSpan? limit = null)
    {
        using var deadline = new CancellationTokenSource(limit ?? TimeSpan.FromSeconds(30));
        var buffer = new byte[256];
        return Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer, deadline.Token)).Trim();
    }

    private static async Task UntilAsync(HttpClient client, string part, Func<string, bool> holds)
    {
        var deadline = TestContext.Deadline();
        while (!holds(JsonNode.Parse(await client.GetStringAsync(new Uri("/readyz", UriKind.Relative), deadline))!["parts"]![part]!.GetValue<string>()))
            await Task.Delay(50, deadline);
    }

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("devmapd-notify-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }

    private sealed class CountingNotifier : ISystemdNotifier
    {
        private int _fed;

        public int Fed => Volatile.Read(ref _fed);

        public bool IsEnabled => true;

        public void Notify(ServiceState state) => Interlocked.Increment(ref _fed);
    }

    /// <summary>A kernel one of whose pins is missing from a moment on, while an audit cannot go on until the test lets it.</summary>
    private sealed class UnpinnedKernel(IKernel kernel) : IKernel, IInterfaces, IPins
    {
        private readonly ManualResetEventSlim _open = new(initialState: true);
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Ends when an audit waits.</summary>
        public Task Reached => _reached.Task;

        public HostFacts Host => kernel.Host;

        public IInterfaces Interfaces => this;

        public IEgressPrograms Programs => kernel.Programs;

        public IDropCounters Drops => kernel.Drops;

        public IActionDryRun Actions => kernel.Actions;

        public IPassPrograms PassPrograms => kernel.PassPrograms;

        public IPins Pins => this;

        // An audit compares entries with the interfaces on a thread of the pool, and the writer, which must go on, on its own.
        InterfaceTable IInterfaces.Current
        {
            get
            {
                if (!_open.IsSet && Thread.CurrentThread.IsThreadPoolThread)
                {
                    _reached.TrySetResult();
                    _open.Wait(TimeSpan.FromSeconds(30));
                }

                return kernel.Interfaces.Current;
            }
        }

        public void Unpin() => _open.Reset();

        public void Open() => _open.Set();

        public IReadOnlyList<string> FindMissing() => _open.IsSet ? [] : ["devmaps/default/active"];

        public void Restore(WriterScope scope) => scope.Demand();

        public IDevmap ChangeDevmap(WriterScope scope, IDevmap devmap, DevmapRecord definition) => kernel.ChangeDevmap(scope, devmap, definition);

        public bool RemoveDevmap(WriterScope scope, string devmap) => kernel.RemoveDevmap(scope, devmap);

        public IReadOnlyList<DevmapRecord> FindDevmaps(WriterScope scope) => kernel.FindDevmaps(scope);

        public IDevmap OpenDevmap(WriterScope scope, DevmapRecord definition, long committed) => kernel.OpenDevmap(scope, definition, committed);

        public void Dispose()
        {
            kernel.Dispose();
            _open.Dispose();
        }

        InterfaceTable IInterfaces.Refresh() => kernel.Interfaces.Refresh();

        void IInterfaces.Invalidate(uint ifindex) => kernel.Interfaces.Invalidate(ifindex);

        InterfaceInfo? IInterfaces.Query(string name) => kernel.Interfaces.Query(name);

        InterfaceInfo? IInterfaces.Query(uint ifindex) => kernel.Interfaces.Query(ifindex);

        void IInterfaces.SetPromiscuous(WriterScope scope, uint ifindex, bool promiscuous) => kernel.Interfaces.SetPromiscuous(scope, ifindex, promiscuous);

        IDisposable IInterfaces.Watch(Action<LinkChanges> onChange) => kernel.Interfaces.Watch(onChange);
    }
}
