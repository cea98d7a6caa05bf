using Devmapd.V1;
using Grpc.Core;

namespace ControlPlane.Client;

/// <summary>Which calls are made again, and when: only where a repeat cannot do anything twice.</summary>
/// <remarks>
/// A call that the daemon refused before it did anything (busy, or shutting down) is made again. A call without an answer is made again if a
/// repeat is harmless: reads, writes of a desired state without a precondition, and batches with an idempotency key.
/// </remarks>
public static class RetryRules
{
    /// <summary>Whether a failed call may be made again.</summary>
    /// <param name="failure">The failure.</param>
    /// <param name="request">The request of the call.</param>
    public static bool MayRepeat(DevmapdException failure, object request)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return failure.Code switch
        {
            DevmapdErrors.WriterBusy or DevmapdErrors.TooManyStreams or DevmapdErrors.TooManyConnections or DevmapdErrors.ShuttingDown => true,
            DevmapdErrors.StoreUnavailable => IsHarmless(request),
            null => failure.StatusCode == StatusCode.Unavailable && IsHarmless(request),
            _ => false,
        };
    }

    /// <summary>Whether a second call with the request changes nothing beyond the first, and has the same answer.</summary>
    public static bool IsHarmless(object request) => request switch
    {
        PutEntryRequest put => !put.HasExpectedRevision,
        PutAttachmentRequest put => !put.HasExpectedRevision,
        PutProgramRequest put => !put.HasExpectedRevision,
        PutLeaseRequest put => !put.HasExpectedRevision,
        PutDevmapRequest put => !put.HasExpectedRevision,
        SetEgressProgramRequest set => !set.HasExpectedRevision,
        ApplyEntriesRequest batch => batch.IdempotencyKey.Length > 0,
        ReplaceEntriesRequest table => table.DryRun || !table.Entries.Any(e => e.HasExpectedRevision),
        RevertChangeRequest revert => revert.DryRun,
        RevertStateRequest revert => revert.DryRun,
        ExplainRequest or WaitEntriesRequest or KeepAliveRequest or AuditDevmapRequest => true,
        _ => request.GetType().Name is var name && (name.StartsWith("Get", StringComparison.Ordinal) || name.StartsWith("List", StringComparison.Ordinal)),
    };

    /// <summary>The time before the next attempt: what the daemon asks for, else a delay that doubles, with a random part.</summary>
    internal static TimeSpan Delay(DevmapdException failure, int attempt, DevmapdClientOptions options)
    {
        if (failure.RetryAfter is { } asked)
            return asked;
        var delay = TimeSpan.FromTicks(Math.Min(options.FirstReconnectDelay.Ticks << Math.Min(attempt - 1, 20), options.LongestReconnectDelay.Ticks));
#pragma warning disable CA5394 // The random part keeps clients apart; it protects nothing.
        return delay * (0.5 + (Random.Shared.NextDouble() / 2));
#pragma warning restore CA5394
    }
}
