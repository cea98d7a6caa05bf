using ControlPlane.Core.Model;
using ControlPlane.Daemon.Api.Grpc;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>The proto enums of open sets have one value for each member, and no other than the unspecified one.</summary>
public sealed class OpenSetMappingTests
{
    [Fact]
    public void KeySelectors_AreTheValuesOfTheEnum() => AssertComplete(ProtoEnums.KeySelectors, KeySelector.Set);

    private static void AssertComplete<T, TValue>(ProtoEnum<T, TValue> map, OpenSet<T> set)
        where T : OpenSetMember
        where TValue : struct, Enum
    {
        Assert.Equal(Enum.GetValues<TValue>().Except([default]), set.All.Select(map.Of).Order());
        Assert.All(Enum.GetValues<TValue>().Except([default]), value => Assert.Equal(value, map.Of(map.Find(value)!)));
        Assert.Null(map.Find(default));
        Assert.Null(map.Find((TValue)Enum.ToObject(typeof(TValue), 99)));
    }
}
