using ControlPlane.Core;
using ControlPlane.Core.Api;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Kernel;
using ControlPlane.Kernel.Hosting;
using ControlPlane.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.Bench.Harness;

/// <summary>The control plane in this process, on the real kernel, without REST and gRPC.</summary>
internal sealed class ControlPlaneCore : IAsyncDisposable
{
    private static readonly TimeSpan _drain = TimeSpan.FromSeconds(10);
    private readonly ServiceProvider _services;

    private ControlPlaneCore(ServiceProvider services) => _services = services;

    public IKernel Kernel => _services.GetRequiredService<IKernel>();

    private EntryService Entries => _services.GetRequiredService<EntryService>();

    /// <summary>Starts the writer on the default devmap.</summary>
    public static async Task<ControlPlaneCore> StartAsync(PinRoot pins)
    {
        var services = new ServiceCollection()
            .AddLogging()
            .AddMemoryStore()
            .AddDevmapCore(new WriterOptions())
            .AddKernel(new KernelOptions { PinRoot = pins.Path })
            .BuildServiceProvider();
        var core = new ControlPlaneCore(services);
        await services.GetRequiredService<DevmapWriter>().StartAsync([Devmaps.Default], CancellationToken.None);
        return core;
    }

    public Task PutAsync(string key, string target) =>
        Entries.PutAsync(Devmaps.Default.Name, key, new EntrySpec(target), false, RequestContext.OfDaemon());

    public Task PutProgramAsync(string name) => _services.GetRequiredService<ProgramService>().PutAsync(
        name, new EgressProgramSpec(new EgressProgramConfig(EgressTemplate.Count)), RequestContext.OfDaemon());

    public Task SetEgressProgramAsync(string target, string? program) =>
        _services.GetRequiredService<ProgramService>().SetOfInterfaceAsync(target, program, RequestContext.OfDaemon());

    /// <summary>Writes the whole table.</summary>
    public Task ReplaceAsync(IEnumerable<(string Key, string Target)> entries, ReplaceMode mode) => _services.GetRequiredService<TableService>().ReplaceAsync(
        Devmaps.Default.Name,
        new DesiredEntries([.. entries.Select(e => new DesiredEntry(e.Key, new EntrySpec(e.Target), null))]),
        new ReplaceOptions(AllowDeletions: int.MaxValue, Mode: mode),
        RequestContext.OfDaemon());

    /// <summary>Attaches the redirect program in native mode.</summary>
    public async Task<DevmapLink> AttachAsync(string ingress)
    {
        await _services.GetRequiredService<AttachmentService>().PutAsync(Devmaps.Default.Name, ingress, new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        var state = _services.GetRequiredService<ControlPlaneState>();
        return state.Handles[state.Current.Devmap(Devmaps.Default.Name).Id].FindLink(ingress)!;
    }

    /// <summary>The counts of the redirect program.</summary>
    public DevmapCounters Traffic() => _services.GetRequiredService<DevmapService>().Get(Devmaps.Default.Name, RequestContext.OfDaemon()).Status.Traffic!.Value;

    public Task DeleteAsync(string key) => Entries.DeleteAsync(Devmaps.Default.Name, key, null, false, RequestContext.OfDaemon());

    public void Get(string key) => Entries.Get(Devmaps.Default.Name, key, RequestContext.OfDaemon());

    /// <summary>Lists everything in the largest pages; gives the number of entries.</summary>
    public int ListAll()
    {
        var (count, token) = (0, (string?)null);
        do
        {
            var page = Entries.List(Devmaps.Default.Name, new EntryQuery(EntryQuery.MaxPageSize, token), RequestContext.OfDaemon());
            count += page.Entries.Count;
            token = page.NextPageToken;
        }
        while (token is not null);
        return count;
    }

    public async ValueTask DisposeAsync()
    {
        await _services.GetRequiredService<DevmapWriter>().StopAsync(_drain);
        await _services.DisposeAsync();
    }
}
