using System.Diagnostics.CodeAnalysis;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Fairness;
using ControlPlane.Core.Model;
using ControlPlane.Core.Waiting;
using ControlPlane.Daemon.Options;

namespace ControlPlane.Daemon.Hosting;

/// <summary>Counts the streams that are open, of each caller and of all, and refuses those beyond the limits. A call that waits counts as a stream.</summary>
internal sealed class StreamAdmission(LimitsOptions limits) : IWaitPlaces
{
    /// <summary>The streams beyond the limit for root on the unix socket.</summary>
    public const int ForRoot = 16;

    private readonly Lock _lock = new();
    private readonly Dictionary<CallerAccount, int> _open = [];
    private int _count;

    /// <summary>The streams that are open.</summary>
    public int Open => Volatile.Read(ref _count);

    /// <summary>The streams that were refused.</summary>
    public RefusalCounts Refused { get; } = new();

    /// <summary>Opens a stream; false if it is refused. Disposing of the stream ends it.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="refusal"><see cref="ErrorCode.TooManyStreams"/>, if the stream is refused.</param>
    public bool TryBegin(Caller caller, [NotNullWhen(true)] out IDisposable? stream, [NotNullWhen(false)] out Error? refusal)
    {
        stream = null;
        var account = caller.Account;
        lock (_lock)
        {
            var own = _open.GetValueOrDefault(account);
            if (own >= limits.StreamsPerCaller)
            {
                Refused.Add(ofCaller: true);
                refusal = RequestErrors.TooManyStreamsOfCaller(account.ToString(), own);
                return false;
            }

            if (_count >= limits.Streams + (caller.IsRoot ? ForRoot : 0))
            {
                Refused.Add(ofCaller: false);
                refusal = RequestErrors.TooManyStreams(_count);
                return false;
            }

            _open[account] = own + 1;
            _count++;
        }

        refusal = null;
        stream = new OpenStream(this, account);
        return true;
    }

    /// <inheritdoc/>
    public IDisposable Enter(Caller caller) => TryBegin(caller, out var stream, out var refusal) ? stream : throw new ControlPlaneException(refusal);

    private void End(CallerAccount account)
    {
        lock (_lock)
        {
            _count--;
            if (--_open[account] == 0)
                _open.Remove(account);
        }
    }

    private sealed class OpenStream(StreamAdmission admission, CallerAccount account) : IDisposable
    {
        private int _isEnded;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isEnded, 1) == 0)
                admission.End(account);
        }
    }
}
