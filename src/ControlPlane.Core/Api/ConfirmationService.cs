using System.Collections.Concurrent;
using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Core.Writing.Plan;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Core.Api;

/// <summary>
/// Tables that wait for their confirmation. The table of a request is built as a candidate, and one store switches to it. The kernel takes it back by itself
/// when nobody confirms, or when it has refused too many of its frames; the desired state then follows, as a change of its own. Until the end, every
/// other write to the devmap is refused.
/// </summary>
internal sealed class ConfirmationService(ControlPlaneState state, DevmapWriter writer, IKernel kernel, TimeProvider time, ILogger<ConfirmationService> logger) : IDisposable
{
    private const int MostElements = 1_000;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<DevmapId, Confirmation> _last = [];
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Throws if this host, or this devmap, cannot guard a table so.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.NotSupported"/>.</exception>
    public void Require(DevmapState devmap, GuardOrder order)
    {
        foreach (var name in order.RevertAfterDrops is null ? new[] { KernelFeatureNames.TimedConfirmation } : [KernelFeatureNames.TimedConfirmation, KernelFeatureNames.RevertByDrops])
        {
            if (kernel.Host.Features.FirstOrDefault(f => f.Name == name) is { Available: false } missing)
                throw new ControlPlaneException(DevmapErrors.CannotGuard(missing.Name, missing.Since, missing.Detail));
        }

        if (order.RevertAfterDrops is not null && devmap.Attachments.Values.FirstOrDefault(a => a.Link?.Mode == AttachMode.Tcx) is { } tcx)
            throw new ControlPlaneException(DevmapErrors.NoDropsInTcx(devmap.Id.Name, tcx.Record.Interface));
    }

    /// <summary>Writes a table that waits for its confirmation.</summary>
    /// <param name="asked">The entries.</param>
    /// <param name="scope">The scope in words, for the log.</param>
    /// <param name="order">How the table is guarded.</param>
    /// <param name="request">The request.</param>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task<(TableResult Result, Confirmation? Confirmation)> WriteAsync(TableWrite asked, string scope, GuardOrder order, RequestContext request)
    {
        var (result, table) = await writer.SubmitAsync(
            new PrepareTableCommand(asked, order, state.Pending) { IsOfPendingTable = true }, request);
        if (table is null)
            return (result, null);
        try
        {
            await table.Candidate.Made;
            result = await SwitchAsync(asked, scope, table, result.Difference, request);
        }
        catch (Exception e) when (!table.IsSwitched)
        {
            await AbandonAsync(asked.Devmap, table);
            throw e is KernelException refusal ? KernelErrors.Unforeseen(refusal) : e;
        }

        var confirmation = table.Read()!;
        ConfirmationLog.Begun(logger, asked.Devmap.Name, result.Revision, confirmation.Deadline);
        _ = WatchAsync(asked.Devmap, table);
        return (result, confirmation);
    }

    /// <summary>Has the table of a devmap stay.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.ConfirmationNotFound"/>: none waits for its confirmation.</exception>
    public async Task<Confirmation> ConfirmAsync(string devmap, RequestContext request)
    {
        var (id, table) = Find(devmap, request);
        var ended = await EndAsync(id, table, confirms: true, request);
        return ended.Phase == ConfirmationPhase.Confirmed ? ended : throw new ControlPlaneException(DevmapErrors.NoConfirmation(devmap, PendingTable.Describe(ended)));
    }

    /// <summary>Takes the table of a devmap back.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.ConfirmationNotFound"/>: none waits for its confirmation.</exception>
    public async Task<Confirmation> CancelAsync(string devmap, RequestContext request)
    {
        var (id, table) = Find(devmap, request);
        return await EndAsync(id, table, confirms: false, request);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private (DevmapId Id, PendingTable Table) Find(string devmap, RequestContext request)
    {
        request.Violations.ThrowIfAny();
        var id = state.Current.Devmap(devmap).Id;
        return state.Pending.Find(id) is { IsSwitched: true } table && table.TryEnd()
            ? (id, table)
            : throw new ControlPlaneException(DevmapErrors.NoConfirmation(devmap, _last.GetValueOrDefault(id) is { } last ? PendingTable.Describe(last) : null));
    }

    // The candidate is filled again until it is right for the interfaces at the switch.
    private async Task<TableResult> SwitchAsync(TableWrite asked, string scope, PendingTable table, TableDifference difference, RequestContext request)
    {
        while (true)
        {
            var interfaces = kernel.Interfaces.Current;
            foreach (var part in PlannedElements.Of(table.Before, difference, interfaces).Select(e => (e.Key, (Element?)e.Value)).Chunk(MostElements))
                await writer.SubmitAsync(Of(_ => new KernelStep.FillTable(table, part)), request);
            if (table.Guard is null)
                await writer.SubmitAsync(Of(context => new KernelStep.GuardTable(table, context.PlannedRevision)), request);
            if (await writer.SubmitAsync(new SwitchTableCommand(asked, scope, table, interfaces) { IsOfPendingTable = true }, request) is { } result)
                return result;
        }
    }

    private async Task AbandonAsync(DevmapId id, PendingTable table)
    {
        try
        {
            await writer.SubmitAsync(new ForgetTableCommand(id, state.Pending, new KernelStep.DropTable(table)) { IsOfPendingTable = true }, RequestContext.OfDaemon());
        }
        catch (ControlPlaneException e)
        {
            // The daemon stops. The next start removes the candidate.
            ConfirmationLog.NotEnded(logger, id.Name, e.Error.Detail);
        }
    }

    private async Task WatchAsync(DevmapId id, PendingTable table)
    {
        try
        {
            while (state.Pending.Find(id) == table)
            {
                await Task.Delay(Look, time, _stopping.Token);
                if (table.Guard!.Read().Phase == GuardPhase.Armed || !table.TryEnd())
                    continue;
                await EndAsync(id, table, confirms: false, RequestContext.OfDaemon(_stopping.Token));
                return;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The daemon stops. The kernel guards the table on, and the next start finds out what became of it.
        }
    }

    private async Task<Confirmation> EndAsync(DevmapId id, PendingTable table, bool confirms, RequestContext request)
    {
        var guard = table.Guard!;
        var report = (await writer.SubmitAsync(Of(_ => new KernelStep.EndSwitch(table, confirms)), RequestContext.OfDaemon()))!.Value;
        var ended = PendingTable.Of(report);
        _last[id] = ended;
        foreach (var removed in _last.Keys.Where(d => state.Current.Find(d) is null))
            _last.TryRemove(removed, out _);
        // The origin of the change that takes the table back is the caller that cancels, or the daemon.
        if (report.IsTakenBack)
            await RevertAsync(id, table, ended, request);
        await writer.SubmitAsync(new ForgetTableCommand(id, state.Pending, new KernelStep.RemoveGuard(guard)) { IsOfPendingTable = true }, RequestContext.OfDaemon());
        ConfirmationLog.Ended(logger, id.Name, PendingTable.Describe(ended));
        return ended;
    }

    // The kernel has the table before already, so nothing is written there. The store can be full: the change comes when it takes changes again.
    private async Task RevertAsync(DevmapId id, PendingTable table, Confirmation ended, RequestContext request)
    {
        var what = string.Create(CultureInfo.InvariantCulture, $"the table of devmaps/{id.Name}, which was {PendingTable.Describe(ended)}, to revision {table.Since}");
        while (true)
        {
            try
            {
                await writer.SubmitAsync(
                    new RevertCommand(ReversalOf(id, table), what) { IsOfPendingTable = true, TakesBack = $"The table was {PendingTable.Describe(ended)}." },
                    request with { Cancellation = CancellationToken.None });
                return;
            }
            catch (ControlPlaneException e) when (e.Error.Code != ErrorCode.ShuttingDown)
            {
                ConfirmationLog.NotEnded(logger, id.Name, e.Error.Detail);
                await Task.Delay(Retry, time, _stopping.Token);
            }
        }
    }

    private Reversal ReversalOf(DevmapId id, PendingTable table)
    {
        var now = state.Current.Find(id)!.Entries;
        var reversal = new Reversal(_ => id, (_, _) => []);
        foreach (var entry in now.All().Where(e => table.Before.Find(e.Record.Key)?.Record != e.Record))
            Undo(table.Before.Find(entry.Record.Key)?.Record, entry.Record);
        foreach (var entry in table.Before.All().Where(e => now.Find(e.Record.Key) is null))
            Undo(entry.Record, null);
        return reversal;

        void Undo(EntryRecord? before, EntryRecord? after) => reversal.Undo(new ChangeRecord(
            0, default, ChangeOrigin.Daemon, new ChangedResource(ChangedKind.Entry, id.Name, (after ?? before)!.Key, null), before, after));
    }

    private static SecondTableCommand Of(Func<PlanContext, KernelStep> step) => new(step) { IsOfPendingTable = true };
}
