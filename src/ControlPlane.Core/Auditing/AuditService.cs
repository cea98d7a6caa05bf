using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Loop;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Core.Auditing;

/// <summary>Compares the kernel with the desired state, on demand and regularly, and has the writer repair what others changed.</summary>
internal sealed class AuditService
{
    /// <summary>Most suspects the writer judges in one command: callers of writes wait for no more than that.</summary>
    private const int MaxSuspects = 512;

    /// <summary>Elements compared between two pauses of a regular audit.</summary>
    private const int ElementsPerSlice = 4096;

    /// <summary>A regular audit takes one part in this of one processor's time.</summary>
    private const int DutyCycle = 50;

    private const int MostLogged = 20;

    private readonly AuditOptions _options;
    private readonly ControlPlaneState _state;
    private readonly DevmapWriter _writer;
    private readonly IKernel _kernel;
    private readonly TimeProvider _time;
    private readonly ILogger<AuditService> _logger;

    public AuditService(AuditOptions options, ControlPlaneState state, DevmapWriter writer, IKernel kernel, TimeProvider time, ILogger<AuditService> logger) =>
        (_options, _state, _writer, _kernel, _time, _logger) = (options, state, writer, kernel, time, logger);

    /// <summary>Audits one devmap now, as fast as it goes.</summary>
    /// <param name="devmap">The devmap's name.</param>
    /// <param name="repair">Whether differences are repaired; null for the configured value.</param>
    /// <param name="request">The request. Its cancellation ends the audit; what has been repaired stays so.</param>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.DevmapNotFound"/>; or the writer refused the work.</exception>
    /// <exception cref="KernelException">The kernel refused to be read.</exception>
    public Task<AuditReport> AuditAsync(string devmap, bool? repair, RequestContext request)
    {
        request.Violations.ThrowIfAny();
        var id = _state.Current.Devmap(devmap).Id;
        var repairs = repair ?? _options.Repair;
        // At the begin: an audit that ends early has perhaps repaired something.
        if (!request.Caller.IsDaemon && _logger.IsEnabled(LogLevel.Information))
            AuditLog.Asked(_logger, id.Name, repairs, request.Caller.ToString(), request.Caller.From);
        return Task.Run(() => AuditAsync(id, repairs, paced: false, request), request.Cancellation);
    }

    /// <summary>
    /// Audits all devmaps, one after the other and slowly, again and again until cancelled or until the writer has ended. A changed
    /// interval takes effect at the next call.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (_options.Interval == TimeSpan.Zero)
            return;
        using var timer = new PeriodicTimer(_options.Interval, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            foreach (var devmap in _state.Current.Devmaps.Values)
            {
                try
                {
                    await AuditAsync(devmap.Id, _options.Repair, paced: true, RequestContext.OfDaemon(cancellationToken));
                }
                catch (ControlPlaneException e) when (e.Error.Code == ErrorCode.ShuttingDown)
                {
                    return;
                }
                catch (ControlPlaneException e) when (e.Error.Code == ErrorCode.DevmapNotFound)
                {
                    continue; // It was deleted meanwhile.
                }
                catch (Exception e) when (e is ControlPlaneException or KernelException)
                {
                    AuditLog.Failed(_logger, devmap.Definition.Name, e);
                }
            }
        }
    }

    private async Task<AuditReport> AuditAsync(DevmapId devmap, bool repair, bool paced, RequestContext request)
    {
        var (startedAt, started, findings) = (_time.GetUtcNow(), _time.GetTimestamp(), new Findings());
        try
        {
            var compared = await CompareAsync(devmap, repair, paced, request, findings);
            var report = new AuditReport(
                devmap.Name, _state.Current.Revision, startedAt, _time.GetElapsedTime(started), compared, findings.Found, findings.Repaired, repair, findings.Drifts);
            Tell(devmap, report);
            return report;
        }
        finally
        {
            await ReportAsync(devmap, findings);
        }
    }

    private async Task<long> CompareAsync(DevmapId devmap, bool repair, bool paced, RequestContext request, Findings findings)
    {
        findings.Add(await _writer.SubmitAsync(new JudgeObjectsCommand(devmap, repair), request));
        var state = _state.Current.Find(devmap) ?? throw new ControlPlaneException(DevmapErrors.NotFound(devmap.Name));
        var search = new DriftSearch(_state, state, _state.Handles[devmap], _kernel.Interfaces);
        var suspects = new List<uint>();
        var (slice, sliceStarted) = (ElementsPerSlice, _time.GetTimestamp());
        foreach (var bucket in search.Suspects())
        {
            request.Cancellation.ThrowIfCancellationRequested();
            suspects.AddRange(bucket);
            if (suspects.Count >= MaxSuspects)
                await JudgeAsync();
            if (!paced || search.Checked < slice)
                continue;
            await Task.Delay(_time.GetElapsedTime(sliceStarted) * (DutyCycle - 1), _time, request.Cancellation);
            (slice, sliceStarted) = (slice + ElementsPerSlice, _time.GetTimestamp());
        }

        if (suspects.Count > 0)
            await JudgeAsync();
        return search.Checked + state.Attachments.Count;

        async Task JudgeAsync()
        {
            foreach (var some in suspects.Chunk(MaxSuspects))
                findings.Add(await _writer.SubmitAsync(new JudgeElementsCommand(devmap, some, repair), request));
            suspects.Clear();
        }
    }

    // Watchers get one event for an audit, also for one that ended early: it has perhaps repaired something.
    private async Task ReportAsync(DevmapId devmap, Findings findings)
    {
        if (findings.Found == 0)
            return;
        try
        {
            await _writer.SubmitAsync(new ReportDriftCommand(devmap, findings.Found, findings.Repaired), RequestContext.OfDaemon());
        }
        catch (ControlPlaneException)
        {
            // The daemon stops, and the streams end. Or the queue is full to the places of the daemon: the report and the log say it.
        }
    }

    private void Tell(DevmapId devmap, AuditReport report)
    {
        _state.Audits.Add(devmap, report);
        if (report.Found == 0)
            return;
        AuditLog.Drifted(_logger, report.Devmap, report.Found, report.Repaired);
        foreach (var drift in report.Drifts.Take(MostLogged))
            AuditLog.Drift(_logger, report.Devmap, drift);
    }

    /// <summary>The findings of an audit that goes on.</summary>
    private sealed class Findings
    {
        public List<Drift> Drifts { get; } = [];

        public int Found { get; private set; }

        public int Repaired { get; private set; }

        public void Add(IReadOnlyList<Drift> judged)
        {
            Found += judged.Count;
            Repaired += judged.Count(d => d.Repaired);
            Drifts.AddRange(judged.Take(AuditReport.MaxDrifts - Drifts.Count));
        }
    }
}

/// <summary>Options of the comparison between the kernel and the desired state. They can change while the daemon runs.</summary>
public sealed record AuditOptions
{
    /// <summary>Time between two audits of all devmaps; zero for none but those asked for.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether differences are repaired where a request does not say.</summary>
    public bool Repair { get; set; } = true;
}
