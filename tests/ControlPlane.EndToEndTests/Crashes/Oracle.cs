using ControlPlane.EndToEndTests.Support;

namespace ControlPlane.EndToEndTests.Crashes;

/// <summary>
/// The expected state of one resource, which only one client writes. A write that the daemon had not answered when it was killed may
/// have happened, as a whole, or not. Everything else is certain.
/// </summary>
/// <param name="name">The resource, <c>devmaps/vlans/entries/7</c>.</param>
internal sealed class Oracle(string name)
{
    private bool _underWay;
    private string? _asked;

    public string Name => name;

    /// <summary>The last version that was answered or found; null if the resource does not exist.</summary>
    public ResourceVersion? Known { get; private set; }

    /// <summary>Notes that a write is sent.</summary>
    /// <param name="spec">The spec; null for a deletion.</param>
    public void Ask(string? spec) => (_underWay, _asked) = (true, spec);

    /// <summary>Notes that the write succeeded, and checks the answer.</summary>
    /// <param name="answer">The resource as answered; null for a deletion.</param>
    /// <param name="floor">The store's revision before. A change has a higher one.</param>
    public void Acknowledge(ResourceVersion? answer, long floor)
    {
        Assert.Equal(_asked, answer?.Spec);
        if (answer is not null && Known is not null && answer.Spec == Known.Spec)
            Assert.Equal(Known, answer); // the spec is the same, so nothing may change
        else if (answer is not null)
            AssertChanged(answer, floor);
        (Known, _underWay) = (answer, false);
    }

    /// <summary>Checks the resource after the crash. From now on that state is certain.</summary>
    /// <returns>Whether the unanswered write happened; null if every write was answered.</returns>
    public bool? Settle(ResourceVersion? found, long floor)
    {
        var wasUnderWay = _underWay;
        var happened = found != Known || (wasUnderWay && _asked == Known?.Spec);
        if (found != Known)
        {
            Assert.True(wasUnderWay, $"{name}: answered {Known?.ToString() ?? "none"}, found {found?.ToString() ?? "none"}");
            Assert.True(_asked == found?.Spec, $"{name}: was {Known?.ToString() ?? "none"}, asked '{_asked ?? "none"}', found {found?.ToString() ?? "none"}");
            if (found is not null)
                AssertChanged(found, floor);
        }

        (Known, _underWay) = (found, false);
        return wasUnderWay ? happened : null;
    }

    private void AssertChanged(ResourceVersion version, long floor)
    {
        Assert.True(version.Revision > Math.Max(floor, Known?.Revision ?? 0), $"{name}: changed from {Known} to {version}, below {floor}");
        if (Known is null)
            return;
        Assert.Equal(Known.CreatedAt, version.CreatedAt);
        Assert.True(version.UpdatedAt >= Known.UpdatedAt, $"{name}: {version} after {Known}");
    }
}
