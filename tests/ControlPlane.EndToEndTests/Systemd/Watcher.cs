using System.Collections.Concurrent;
using ControlPlane.Client;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;
using Devmapd.V1;

namespace ControlPlane.EndToEndTests.Systemd;

/// <summary>A watch of the sandbox's daemon by the .NET client, which goes on over restarts.</summary>
internal sealed class Watcher : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly DevmapdClient _client;
    private readonly ConcurrentDictionary<string, string> _targets = new();
    private readonly Task _watching;
    private int _snapshots;

    public Watcher(SystemdSandbox sandbox)
    {
        _client = DevmapdClient.Connect($"unix:{sandbox.Outside(SystemdSandbox.Socket)}");
        _watching = WatchAsync();
    }

    /// <summary>The number of snapshots that it was given.</summary>
    public int Snapshots => _snapshots;

    /// <summary>Waits until it has seen an entry.</summary>
    public Task SeeAsync(string key, string target) => Eventually.Async(
        () => _watching.IsCompleted || _targets.GetValueOrDefault(key) == target, what: $"the watcher sees {key} -> {target}");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _watching;
        _client.Dispose();
        _stopping.Dispose();
    }

    private async Task WatchAsync()
    {
        try
        {
            await foreach (var item in _client.WatchAsync(Testbed.ByInterface, cancellationToken: _stopping.Token))
            {
                if (item.BeginsSnapshot)
                {
                    Interlocked.Increment(ref _snapshots);
                    _targets.Clear();
                }
                else if (item.Event!.EventCase == WatchResponse.EventOneofCase.Entry)
                {
                    _targets[item.Event.Entry.Key] = item.Event.Entry.Spec.Interface;
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Disposed.
        }
    }
}
