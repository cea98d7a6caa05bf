using ControlPlane.Core.Model;

namespace ControlPlane.UnitTests.Core;

/// <summary>The open sets know all their members, and refuse others.</summary>
public sealed class OpenSetTests
{
    private const KeySelector Unknown = (KeySelector)99;

    [Fact]
    public void Selector_ThatIsUnknown_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => KeyCodec.Parse(Unknown, "x", out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => KeyCodec.Format(Unknown, EntryKey.OfNumber(1)));
    }

    [Fact]
    public void ConditionTypes_HaveEachNameOnce()
    {
        var declared = typeof(ConditionTypes).GetProperties().Where(p => p.PropertyType == typeof(ConditionType));
        Assert.Equal(declared.Select(p => p.Name).Order(), ConditionTypes.All.Select(t => t.Name).Order());
    }
}
