using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Loop;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Core.Api;

/// <summary>Whether probes are allowed. It can change while the daemon runs.</summary>
/// <param name="Enabled">Probes send real frames, so they are off unless switched on.</param>
public sealed record ProbeOptions(bool Enabled = false)
{
    /// <summary>Whether probes are allowed now.</summary>
    public bool Enabled { get; set; } = Enabled;
}

/// <summary>Probes of entries: real frames, and what they prove. REST and gRPC call it.</summary>
internal sealed class ProbeService : IDisposable
{
    private readonly ProbeOptions _options;
    private readonly ControlPlaneState _state;
    private readonly DevmapWriter _writer;
    private readonly EntryService _entries;
    private readonly IKernel _kernel;
    private readonly TimeProvider _time;
    private readonly ILogger<ProbeService> _logger;

    // One at a time: each attaches programs to tracepoints that every redirect passes.
    private readonly SemaphoreSlim _one = new(1);
    private readonly CancellationTokenSource _stopping = new();

    public ProbeService(
        ProbeOptions options, ControlPlaneState state, DevmapWriter writer, EntryService entries, IKernel kernel, TimeProvider time, ILogger<ProbeService> logger) =>
        (_options, _state, _writer, _entries, _kernel, _time, _logger) = (options, state, writer, entries, kernel, time, logger);

    /// <summary>The number of frames when none is asked for.</summary>
    public const int DefaultFrames = 10;

    /// <summary>Sends real frames with the key of an entry through the loaded redirect program, and tells what became of them.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="key">The key in any of its text forms.</param>
    /// <param name="frames">How many, 1 .. <see cref="ILiveFrames.MaxFrames"/>; null for <see cref="DefaultFrames"/>.</param>
    /// <param name="request">The request.</param>
    /// <exception cref="ControlPlaneException">
    /// <see cref="ErrorCode.PermissionDenied"/>: probes are off. <see cref="ErrorCode.InterfaceUnsuitable"/>: the mode is not native.
    /// <see cref="ErrorCode.NotSupported"/>: this host cannot do it. Or there is no such devmap or entry, or the request is not valid.
    /// </exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public async Task<Probe> ProbeAsync(string devmap, string key, long? frames, RequestContext request)
    {
        if (!_options.Enabled)
            throw new ControlPlaneException(ProbeErrors.Off());
        if (frames is < 1 or > ILiveFrames.MaxFrames && !request.Violations.Has("frames"))
            request.Violations.Add("frames", $"must be 1 to {ILiveFrames.MaxFrames}");
        var (state, parsed) = EntryService.Address(_state.Current, devmap, key, request);
        if (_kernel.LiveFrames.Feature is { Available: false } missing)
            throw new ControlPlaneException(ProbeErrors.NotSupported(missing.Since, missing.Detail));
        var outcome = await SendAsync(state, parsed, (int)(frames ?? DefaultFrames), request);
        if (outcome.Proof is { } proof)
            _ = LapseAsync(proof);
        var (record, view) = (outcome.Entry.Record, _entries.View(state.Id, outcome.Entry));
        ProbeLog.Probed(_logger, devmap, view.Key, outcome.Frames, outcome.Proven.Reason, request.Caller.ToString(), request.Caller.From);
        return new Probe(
            devmap, view.Key, outcome.Entry.KernelKey, outcome.Ingress, view.Spec?.Interface ?? record.Spec.Interface, outcome.Frames, outcome.FrameBytes,
            outcome.Sent, outcome.Drops, view.Status.State, outcome.Proven, outcome.Proof?.ExpireTime);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
        _one.Dispose();
    }

    private async Task<ProbeOutcome> SendAsync(DevmapState devmap, EntryKey key, int frames, RequestContext request)
    {
        await _one.WaitAsync(request.Cancellation);
        try
        {
            using var run = _kernel.LiveFrames.Begin();
            return await _writer.SubmitAsync(new ProbeEntryCommand(devmap.Id, key, frames, run, _state), request);
        }
        catch (ControlPlaneException e) when (e.Error.Code == ErrorCode.EntryNotFound && _entries.FindUnmanaged(devmap, key) is not null)
        {
            throw new ControlPlaneException(EntryErrors.Unmanaged(devmap.Definition.Name, devmap.Definition.Spec.KeySelector.Format(key)), e);
        }
        finally
        {
            _one.Release();
        }
    }

    // Nobody who reads the entry needs this: the proof says itself when it lapses. Watchers do.
    private async Task LapseAsync(Proof proof)
    {
        try
        {
            await Task.Delay(Proofs.Lifetime, _time, _stopping.Token);
            await _writer.SubmitAsync(new LapseProofCommand(proof, _state), RequestContext.OfDaemon(_stopping.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or ControlPlaneException or ObjectDisposedException)
        {
            // The daemon stops, or is busy; the proof has lapsed in any case.
        }
    }
}
