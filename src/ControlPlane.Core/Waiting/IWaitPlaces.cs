using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Waiting;

/// <summary>The places of calls that wait. They are those of streams: both hold a request open for long.</summary>
internal interface IWaitPlaces
{
    /// <summary>Takes a place. Disposing of the result gives it back.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.TooManyStreams"/>.</exception>
    IDisposable Enter(Caller caller);
}

/// <summary>Places without a limit, where no host sets one.</summary>
internal sealed class UnlimitedPlaces : IWaitPlaces, IDisposable
{
    /// <inheritdoc/>
    public IDisposable Enter(Caller caller) => this;

    /// <inheritdoc/>
    public void Dispose()
    {
        // A place is nothing that could be given back.
    }
}
