using ControlPlane.EndToEndTests.Support;

namespace ControlPlane.EndToEndTests.Crashes;

/// <summary>
/// The knowledge of the one client that writes a resource. A write that was under way when the daemon died may have happened, as a
/// whole, or not; everything else is certain.
/// </summary>
/// <param name="name">The resource, <c>devmaps/vlans/entries/7</c>.</param>
internal sealed class Oracle(string name)
{
    private bool _underWay;
    private string? _asked;

    public string Name => name;

    /// <summary>How it was answered or found last; null when there is none.</summary>
    public ResourceVersion? Known { get; private set; }

    /// <summary>A write goes out.</summary>
    /// <param name="spec">The state it asks for; null for a deletion.</param>
    public void Ask(string? spec) => (_underWay, _asked) = (true, spec);

    /// <summary>The write was answered with success.</summary>
    /// <param name="fact">The state in the answer; null for a deletion.</param>
    /// <param name="floor">The revision that was the store's before; a change has a higher one.</param>
    public void Acknowledge(ResourceVersion? fact, long floor)
    {
        Assert.Equal(_asked, fact?.Spec);
        if (fact is not null && Known is not null && fact.Spec == Known.Spec)
            Assert.Equal(Known, fact); // nothing changed, so nothing may differ
        else if (fact is not null)
            AssertChanged(fact, floor);
        (Known, _underWay) = (fact, false);
    }

    /// <summary>Compares it with how it was found after the crash, which from now on is certain.</summary>
    /// <returns>Whether a write was under way, and if so whether it has happened.</returns>
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

    private void AssertChanged(ResourceVersion fact, long floor)
    {
        Assert.True(fact.Revision > Math.Max(floor, Known?.Revision ?? 0), $"{name}: changed to {fact}, although {floor} was reached and it was {Known}");
        if (Known is null)
            return;
        Assert.Equal(Known.CreatedAt, fact.CreatedAt);
        Assert.True(fact.UpdatedAt >= Known.UpdatedAt, $"{name}: {fact} after {Known}");
    }
}
