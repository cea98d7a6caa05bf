using ControlPlane.Core;
using ControlPlane.Core.Api;
using ControlPlane.Core.Auditing;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;
using ControlPlane.Core.Watching;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Simulation;
using ControlPlane.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.UnitTests.Core;

/// <summary>The core on a simulated host with the interfaces lo and sim0 to sim3.</summary>
internal sealed class CoreFixture : IAsyncDisposable
{
    private readonly ServiceProvider _provider;

    private CoreFixture(SimulatedHost host, Func<IKernel, IKernel>? wrap, WriterOptions? options, IStore? store, WatchOptions? watching, TimeProvider? time)
    {
        Host = host;
        var services = new ServiceCollection();
        services.AddLogging();
        var kernel = new SimulatedKernel(host);
        services.AddSingleton(wrap?.Invoke(kernel) ?? kernel);
        services.AddSingleton(store ?? new MemoryStore());
        services.AddSingleton(time ?? TimeProvider.System);
        services.AddDevmapCore(options ?? new WriterOptions(), watching, probing: new ProbeOptions(Enabled: true));
        _provider = services.BuildServiceProvider();
    }

    public SimulatedHost Host { get; }

    /// <summary>Ends when the kernel has everything as desired.</summary>
    public Task Started { get; private set; } = Task.CompletedTask;

    internal ChangeHistory History => _provider.GetRequiredService<ChangeHistory>();

    internal ControlPlaneState State => _provider.GetRequiredService<ControlPlaneState>();

    public DevmapWriter Writer => _provider.GetRequiredService<DevmapWriter>();

    public EntryService Entries => _provider.GetRequiredService<EntryService>();

    public BatchService Batches => _provider.GetRequiredService<BatchService>();

    public TableService Tables => _provider.GetRequiredService<TableService>();

    public RehearsalRunner Rehearsals => _provider.GetRequiredService<RehearsalRunner>();

    public ConfirmationService Confirmations => _provider.GetRequiredService<ConfirmationService>();

    public WaitService Waits => _provider.GetRequiredService<WaitService>();

    public ChangeService Changes => _provider.GetRequiredService<ChangeService>();

    public RevertService Reversals => _provider.GetRequiredService<RevertService>();

    public ProbeService Probes => _provider.GetRequiredService<ProbeService>();

    public LeaseService Leases => _provider.GetRequiredService<LeaseService>();

    public TokenService Tokens => _provider.GetRequiredService<TokenService>();

    public IKernel Kernel => _provider.GetRequiredService<IKernel>();

    public StateService States => _provider.GetRequiredService<StateService>();

    public DevmapService Devmaps => _provider.GetRequiredService<DevmapService>();

    public AttachmentService Attachments => _provider.GetRequiredService<AttachmentService>();

    public ExplainService Explanations => _provider.GetRequiredService<ExplainService>();

    public AuditService Audits => _provider.GetRequiredService<AuditService>();

    public InterfaceService Interfaces => _provider.GetRequiredService<InterfaceService>();

    internal StateCounter StateCounter => _provider.GetRequiredService<StateCounter>();

    public WatchService Watches => _provider.GetRequiredService<WatchService>();

    public ProgramService Programs => _provider.GetRequiredService<ProgramService>();

    public static DevmapRecord Vlans { get; } = new("vlans", new DevmapSpec(1024, KeySelector: KeySelector.Vlan));

    public static DevmapRecord Ingress { get; } = new("ingress", new DevmapSpec(64));

    public static DevmapRecord Addresses { get; } = new("addresses", new DevmapSpec(1024, KeySelector: KeySelector.Ipv4Destination));

    public static DevmapRecord Plain { get; } = new("plain", new DevmapSpec(4, ValueSize: 4, KeySelector: KeySelector.Vlan));

    public static async Task<CoreFixture> StartAsync(
        SimulatedHost? host = null, Func<IKernel, IKernel>? wrap = null, WriterOptions? options = null, IStore? store = null,
        WatchOptions? watching = null, TimeProvider? time = null, params DevmapRecord[] devmaps)
    {
        var fixture = Begin(host, wrap, options, store, watching, time, devmaps);
        await fixture.Started;
        return fixture;
    }

    /// <summary>Begins a start, and does not wait until the kernel has everything.</summary>
    public static CoreFixture Begin(
        SimulatedHost? host = null, Func<IKernel, IKernel>? wrap = null, WriterOptions? options = null, IStore? store = null,
        WatchOptions? watching = null, TimeProvider? time = null, params DevmapRecord[] devmaps)
    {
        var fixture = new CoreFixture(host ?? SimulatedHost.WithInterfaces(), wrap, options, store, watching, time);
        fixture.Started = fixture.Writer.StartAsync(devmaps.Length == 0 ? [Vlans, Ingress, Addresses, Plain] : devmaps, default);
        return fixture;
    }

    public Task<PutOutcome<Entry>> PutAsync(
        string devmap, string key, string target, string? program = null, bool allowPending = false,
        Precondition precondition = default, CancellationToken cancellationToken = default) =>
        Entries.PutAsync(devmap, key, new EntrySpec(target, program), new Violations(), precondition, cancellationToken, allowPending);

    public Task<PutOutcome<Entry>> PutAsync(string devmap, string key, EntrySpec spec, bool allowPending = false) =>
        Entries.PutAsync(devmap, key, spec, allowPending, RequestContext.OfDaemon());

    public Task<PutOutcome<Lease>> PutLeaseAsync(string lease, double seconds, string? owner = null) =>
        Leases.PutAsync(lease, new LeaseSpec(TimeSpan.FromSeconds(seconds), owner), RequestContext.OfDaemon());

    public Task<PutOutcome<EgressProgram>> PutProgramAsync(string name, string template) =>
        Programs.PutAsync(name, new EgressProgramSpec(new EgressProgramConfig(EgressTemplate.Set.Named(template))), RequestContext.OfDaemon());

    public Task<BatchOutcome> ApplyAsync(BatchMode mode, params BatchItem[] items) =>
        Batches.ApplyAsync(new EntryBatch(mode, items), false, null, RequestContext.OfDaemon());

    public Task<ReplaceOutcome> ReplaceAsync(string devmap, DesiredEntry[] entries, ReplaceOptions? options = null) =>
        Tables.ReplaceAsync(devmap, new DesiredEntries(entries), options ?? new ReplaceOptions(), RequestContext.OfDaemon());

    public EntryList List(string devmap, EntryQuery? query = null) => Entries.List(devmap, query ?? new EntryQuery(), new Violations());

    public static async Task<Error> FailsAsync(Func<Task> action) => (await Assert.ThrowsAsync<ControlPlaneException>(action)).Error;

    public async ValueTask DisposeAsync()
    {
        await Writer.StopAsync(TimeSpan.FromSeconds(5));
        await _provider.DisposeAsync();
    }
}
